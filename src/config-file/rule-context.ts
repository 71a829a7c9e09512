import type { ConfigFiles } from './files.ts';
import type { ConfigPath, Diagnostics } from './diagnostics.ts';

/** What a rule about one part of an endpoint gets beside that part. */
export interface RuleContext {
  /** Where the part stands. */
  readonly path: ConfigPath;
  /** Name of the endpoint. */
  readonly name: string;
  readonly multiTenant: boolean;
  readonly files: ConfigFiles;
  readonly findings: Diagnostics;
}
