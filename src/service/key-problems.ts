import type { BuiltEndpoints } from './build-endpoints.ts';

/** One line per issuer whose keys cannot be fetched. */
export function keyProblems({ keyRing }: BuiltEndpoints): string[] {
  return keyRing.issuers.flatMap(({ issuer, source: { problem } }) =>
    problem === undefined ? [] : [`keys of ${issuer}: ${problem}`],
  );
}

/** True if an issuer's keys were never available: a load balancer should not send traffic here yet. */
export function neverHadKeys({ keyRing }: BuiltEndpoints): boolean {
  return keyRing.issuers.some(({ source }) => source.current() === undefined && source.generation === 0);
}
