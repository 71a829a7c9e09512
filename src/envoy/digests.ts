import { createHash } from 'node:crypto';
import type { Endpoint } from '../config/schema.ts';

/** 16 hex digits of the SHA-256 of a value that JSON can write. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** Differs between endpoints whose users reach different ComfyUIs. */
export function upstreamDigest({ upstream }: Pick<Endpoint, 'upstream'>): string {
  return digestOf(upstream.toSorted());
}
