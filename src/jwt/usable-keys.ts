import type { JSONWebKeySet, JWK } from 'jose';
import type { Algorithm } from './issuer-schema.ts';

const MIN_RSA_BITS = 2048;
/** HMAC keys as long as their hash (RFC 7518 §3.2). */
const MIN_OCT_BYTES: Partial<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
/** By what stands under `crv`, whatever that is. */
const CURVE_ALGORITHM: ReadonlyMap<unknown, Algorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
]);

/** Every algorithm that public keys can be used with: the default, so that no shared secret slips in unnamed. */
export const ASYMMETRIC: readonly Algorithm[] = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA',
]; // prettier-ignore

export interface UsableKeys {
  readonly jwks: JSONWebKeySet;
  /** What was left out and why, one line a key, for log and `check`. */
  readonly skipped: readonly string[];
}

function bytes(base64url: unknown): Buffer {
  return typeof base64url === 'string' ? Buffer.from(base64url, 'base64url') : Buffer.alloc(0);
}

function bits(base64url: unknown): number {
  const value = bytes(base64url);
  const first = value.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (value.length - first) * 8 - Math.clz32(value.readUInt8(first)) + 24;
}

function algorithmsOf(key: JWK): string[] {
  if (key.kty === 'RSA') return ASYMMETRIC.filter((name) => /^[RP]S/.test(name));
  if (key.kty === 'oct')
    return Object.keys(MIN_OCT_BYTES).filter((name) => bytes(key.k).length >= (MIN_OCT_BYTES[name] ?? 0));
  const algorithm = CURVE_ALGORITHM.get(key.crv);
  return algorithm === undefined ? [] : [algorithm];
}

function verifiable(key: JWK): boolean {
  const operations: unknown = key.key_ops;
  return (
    (key.use === undefined || key.use === 'sig') &&
    (!Array.isArray(operations) || operations.includes('verify'))
  );
}

/** Why a key cannot be used, or undefined. */
function fault(key: JWK, algorithms: readonly string[]): string | undefined {
  if (!verifiable(key)) return 'is not for signatures (use, key_ops)';
  if (key.kty === 'RSA' && bits(key.n) < MIN_RSA_BITS) return `is too weak: RSA needs ${MIN_RSA_BITS} bits`;
  const fitting = algorithmsOf(key);
  if (fitting.length === 0) return 'is too short, or of a kind that is not known';
  const named =
    key.alg === undefined || key.kty === 'OKP' ? fitting : fitting.filter((name) => name === key.alg);
  if (!named.some((name) => algorithms.includes(name))) return 'fits none of the algorithms';
  return undefined;
}

/** The members that verification needs; never the private ones. EdDSA has two names (RFC 9864), so a key has none. */
function publicPart({ kty, kid, alg, use, crv, x, y, n, e, k }: JWK): JWK {
  const part = { kty, kid, alg: kty === 'OKP' ? undefined : alg, use, crv, x, y, n, e, k };
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));
}

function isKey(value: unknown): value is JWK {
  return typeof value === 'object' && value !== null && 'kty' in value;
}

/**
 * Picks the keys of a JWKS (RFC 7517) that may verify tokens of these algorithms; leaves out the weak, the ones for
 * other uses, and a second one without `kid`.
 *
 * @throws Error when it is no JWKS at all
 */
export function usableKeys(jwks: unknown, algorithms: readonly Algorithm[]): UsableKeys {
  const keys: unknown = (jwks as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error('is not a JWKS: it has no list "keys"');
  const usable: JWK[] = [];
  const skipped: string[] = [];
  const why = (key: unknown): string | undefined => {
    if (!isKey(key)) return 'is not a key: it has no kty';
    const second = key.kid === undefined && usable.some((other) => other.kid === undefined);
    return second ? 'is the second without kid' : fault(key, algorithms);
  };
  keys.forEach((key: unknown, index) => {
    const reason = why(key);
    if (reason === undefined) usable.push(publicPart(key as JWK));
    else skipped.push(`keys[${index}] ${reason}`);
  });
  return { jwks: { keys: usable }, skipped };
}
