import type { BuiltEndpoints } from './build-endpoints.ts';

/** True if an issuer's keys were never available: a load balancer should not send traffic here yet. */
export function neverHadKeys({ keyRing }: BuiltEndpoints): boolean {
  return keyRing.issuers.some(({ source }) => source.current() === undefined && source.generation === 0);
}
