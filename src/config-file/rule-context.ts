import type { ConfigFiles } from './files.ts';
import type { ConfigPath, Diagnostics } from './diagnostics.ts';

/** Context for a rule about one part of an endpoint. */
export interface RuleContext {
  /** Path of that part. */
  readonly path: ConfigPath;
  /** Name of the endpoint. */
  readonly name: string;
  readonly multiTenant: boolean;
  readonly files: ConfigFiles;
  readonly diagnostics: Diagnostics;
}
