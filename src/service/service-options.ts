import type { Readiness } from '../admin/admin-server.ts';
import type { Log } from '../admin/log.ts';
import type { AskComfyui } from '../comfyui/watch-upstreams.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';

/** What is known of an Envoy whose files follow the configuration. */
interface EnvoyStatus {
  state(): Exclude<Readiness['envoy'], 'separate'>;
  /** What the operator should look at. */
  problems(): string[];
}

/** What a service is started with. */
export interface ServiceOptions {
  readonly config: Config;
  /** Identifies this version of the configuration: a hash of it. */
  readonly revision: string;
  readonly log: Log;
  /** Whether Envoy has the current configuration; without it, Envoy's bootstrap is rendered separately. */
  readonly envoy?: EnvoyStatus | undefined;
  readonly fetch?: typeof fetch;
  /** How to check a ComfyUI; none is checked if omitted. */
  readonly askComfyui?: AskComfyui;
  /** Validates a text as the content of the configuration file; without it, there is no console. */
  readonly checkText?: (text: string) => LoadedConfig;
  /** Removes values of environment variables from reported text. */
  readonly conceal?: (text: string) => string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Monotonic milliseconds, unaffected by changes of the system clock. */
  readonly monotonic?: () => number;
}
