import { createHash } from 'node:crypto';
import type { Endpoint } from '../config/schema.ts';

/** The first 16 hex digits of the SHA-256 of a value's JSON. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** Identifies a set of upstreams, in any order. */
export function upstreamDigest({ upstream }: Pick<Endpoint, 'upstream'>): string {
  return digestOf(upstream.toSorted());
}
