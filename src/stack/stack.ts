import type { Config } from '../config/schema.ts';
import type { ComfyuiLaunch } from './comfyui-launch.ts';
import type { Envoy } from '../install/ensure-envoy.ts';
import type { Progress } from '../install/progress.ts';
import type { Env } from '../install/run-program.ts';
import type { TestUser } from '../verify/test-client.ts';

/** The part of a command's context that `up` hands to everything it starts. */
export interface UpContext {
  readonly env: Env;
  readonly cwd: string;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Whether a person watches, so that a one-time link may be printed. */
  readonly isTerminal: boolean;
  /** Applied to all output; the configurations that are loaded add their values. */
  readonly concealment: {
    text(text: string): string;
    add(conceal: (text: string) => string): void;
  };
}

/** Everything that one `up` runs. */
export interface Stack {
  readonly configFile: string;
  /** The name of the configuration file in messages. */
  readonly shownAs: string;
  readonly envoy: Envoy;
  /** The ComfyUI to start; undefined if one is already running. */
  readonly comfyui: (ComfyuiLaunch & { readonly version: string | undefined }) | undefined;
  /** For logs and generated files. */
  readonly folder: string;
  /** Adds sample data on the first start. */
  readonly seed?: (config: Config) => Promise<void>;
  /** The users of the isolation test; two temporary users if undefined. */
  readonly people: readonly [TestUser, TestUser] | undefined;
}
