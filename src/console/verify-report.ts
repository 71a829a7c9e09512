import { packageVersion } from '../install/package-root.ts';
import { isIsolated } from '../verify/verify.ts';
import type { EndpointVerification } from '../verify/verify-endpoints.ts';

/** What the last verification found, or why it could not run. */
export type LastVerification =
  | {
      readonly kind: 'done';
      /** Milliseconds since 1970. */
      readonly atMs: number;
      /** Of the configuration. */
      readonly revision: string;
      readonly results: readonly EndpointVerification[];
    }
  | { readonly kind: 'failed'; readonly atMs: number; readonly why: string };

type Done = Extract<LastVerification, { kind: 'done' }>;

export function isGood({ rows, probes }: EndpointVerification): boolean {
  return rows.every(isIsolated) && probes.every(({ refused }) => refused);
}

/** The report to keep: every row and probe, with versions, time and revision. */
export function verifyReport({ atMs, revision, results }: Done) {
  return {
    at: new Date(atMs).toISOString(),
    revision,
    versions: { comfyTenant: packageVersion(), node: process.versions.node },
    isolated: results.every(isGood),
    endpoints: results,
  };
}
