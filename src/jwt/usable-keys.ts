import type { JSONWebKeySet, JWK } from 'jose';
import type { Algorithm } from './issuer-schema.ts';

const MIN_RSA_BITS = 2048;
/** Minimum length of HMAC keys: that of the hash (RFC 7518 §3.2). */
const MIN_OCT_BYTES: Partial<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
/** By the value of `crv`, of any type. */
const CURVE_ALGORITHM: ReadonlyMap<unknown, Algorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
]);

/** Public-key algorithms, the default: shared secrets must be enabled explicitly. */
export const ASYMMETRIC: readonly Algorithm[] = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA',
]; // prettier-ignore

export interface UsableKeys {
  readonly jwks: JSONWebKeySet;
  /** The reason for each key that was ignored, for the log and `check`. */
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
  if (fitting.length === 0) return 'is too short or of an unknown type';
  const named =
    key.alg === undefined || key.kty === 'OKP' ? fitting : fitting.filter((name) => name === key.alg);
  if (!named.some((name) => algorithms.includes(name))) return 'matches none of the algorithms';
  return undefined;
}

/** The members needed for verification, never private ones. OKP keys lose `alg`: EdDSA has two names (RFC 9864). */
function publicPart({ kty, kid, alg, use, crv, x, y, n, e, k }: JWK): JWK {
  const part = { kty, kid, alg: kty === 'OKP' ? undefined : alg, use, crv, x, y, n, e, k };
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));
}

function isKey(value: unknown): value is JWK {
  return typeof value === 'object' && value !== null && 'kty' in value;
}

/**
 * Selects the keys of a JWKS (RFC 7517) that can verify tokens with these algorithms; ignores weak keys, keys for other
 * uses, and a second key without `kid`.
 *
 * @throws Error if it is not a JWKS
 */
export function usableKeys(jwks: unknown, algorithms: readonly Algorithm[]): UsableKeys {
  const keys: unknown = (jwks as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error('is not a JWKS: it has no list "keys"');
  const usable: JWK[] = [];
  const skipped: string[] = [];
  const why = (key: unknown): string | undefined => {
    if (!isKey(key)) return 'is not a key: it has no kty';
    const second = key.kid === undefined && usable.some((other) => other.kid === undefined);
    return second ? 'is the second key without kid' : fault(key, algorithms);
  };
  keys.forEach((key: unknown, index) => {
    const reason = why(key);
    if (reason === undefined) usable.push(publicPart(key as JWK));
    else skipped.push(`keys[${index}] ${reason}`);
  });
  return { jwks: { keys: usable }, skipped };
}
