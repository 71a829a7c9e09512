import type { JWK } from 'jose';

/** What may be shown of a key. */
export interface KeyFacts {
  /** Empty without one. */
  readonly kid: string;
  /** `alg`, or the type if the key has none. */
  readonly algorithm: string;
  /** `RSA 2048`, `HMAC 256` or the curve. */
  readonly strength: string;
}

const MAX_TEXT = 60;

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

function bits(base64url: unknown): number {
  return typeof base64url === 'string' ? Buffer.from(base64url, 'base64url').length * 8 : 0;
}

/** Never the values of the key. @param key as written: its members may have any type */
export function keyFacts(key: { readonly [Member in keyof JWK]?: unknown }): KeyFacts {
  const { kid, alg, kty, n, k, crv } = key;
  const strengths: Readonly<Record<string, string>> = { RSA: `RSA ${bits(n)}`, oct: `HMAC ${bits(k)}` };
  const type = text(kty);
  return { kid: text(kid), algorithm: text(alg) || type, strength: strengths[type] ?? text(crv) };
}
