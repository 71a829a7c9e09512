import type { Config } from '../config/schema.ts';
import type { ComfyuiLaunch } from './comfyui-launch.ts';
import type { Envoy } from '../install/ensure-envoy.ts';
import type { Progress } from '../install/progress.ts';
import type { Env } from '../install/run-program.ts';
import type { TestUser } from '../verify/test-client.ts';

/** What a command gives to everything that it starts. */
export interface UpContext {
  readonly env: Env;
  readonly cwd: string;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** All that one `up` runs. */
export interface Stack {
  readonly configFile: string;
  /** How messages call the configuration file. */
  readonly shownAs: string;
  readonly envoy: Envoy;
  /** The ComfyUI to start; without it one runs already. */
  readonly comfyui: (ComfyuiLaunch & { readonly version: string | undefined }) | undefined;
  /** Logs, and what the programs need beside. */
  readonly folder: string;
  /** Puts in, once, what people find at the first start. */
  readonly seed?: (config: Config) => Promise<void>;
  /** Who verifies; without them two made-up people do. */
  readonly people: readonly [TestUser, TestUser] | undefined;
}
