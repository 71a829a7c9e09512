import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A key that signs session cookies. */
export interface SessionKey {
  readonly kid: string;
  readonly secret: Uint8Array;
}

/** The first key signs, all verify. */
export type SessionKeys = readonly [SessionKey, ...SessionKey[]];

const MIN_BYTES = 32;
const FIX = 'restore it, or delete it to create a new key, which ends all sessions';

export function makeSessionKey(): SessionKey {
  return { kid: randomBytes(8).toString('hex'), secret: randomBytes(MIN_BYTES) };
}

function parseKey(jwk: unknown, place: string): SessionKey {
  const { kty, kid, k } = (typeof jwk === 'object' && jwk !== null ? jwk : {}) as Record<string, unknown>;
  if (kty !== 'oct' || typeof kid !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(kid) || typeof k !== 'string')
    throw new Error(`${place}: must be a JWK with kty oct, kid and k`);
  const secret = /^[A-Za-z0-9_-]+$/.test(k) ? Buffer.from(k, 'base64url') : Buffer.alloc(0);
  if (secret.length < MIN_BYTES)
    throw new Error(`${place}: k must be base64url of at least ${MIN_BYTES} bytes`);
  return { kid, secret };
}

/** Parses a JWKS of symmetric keys. @throws Error naming the place; never with a part of a key */
export function parseSessionKeys(text: string, file: string): SessionKeys {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    // The cause quotes the text.
    throw new Error(`${file}: is not valid JSON; ${FIX}`);
  }
  const jwks = (found as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(jwks)) throw new Error(`${file}: must be a JWKS: {"keys": [ … ]}`);
  const [first, ...others] = jwks.map((jwk, index) => parseKey(jwk, `${file}: keys[${index}]`));
  if (first === undefined) throw new Error(`${file}: contains no key; ${FIX}`);
  const kids = new Set([first, ...others].map(({ kid }) => kid));
  if (kids.size < jwks.length) throw new Error(`${file}: two keys have the same kid`);
  return [first, ...others];
}

/** The text of a key file. */
export function formatSessionKeys(keys: readonly SessionKey[]): string {
  const jwks = keys.map(({ kid, secret }) => ({
    kty: 'oct',
    alg: 'HS256',
    kid,
    k: Buffer.from(secret).toString('base64url'),
  }));
  return `${JSON.stringify({ keys: jwks }, null, 2)}\n`;
}

/** A digest under one key that serves only this purpose. */
function digest({ secret }: SessionKey, purpose: string, text: string): Buffer {
  const own = createHmac('sha256', secret).update(`comfy-tenant ${purpose}`).digest();
  return createHmac('sha256', own).update(text).digest();
}

/** A digest of a text under the first key, with the key's name: `kid.digest`. */
export function makeTag([key]: SessionKeys, purpose: string, text: string): string {
  return `${key.kid}.${digest(key, purpose, text).toString('base64url')}`;
}

/** Whether a tag was made of this text, with any of the keys. */
export function isTagOf(
  keys: SessionKeys,
  tag: string,
  { purpose, text }: { purpose: string; text: string },
): boolean {
  const [kid, given = ''] = tag.split('.');
  const key = keys.find((one) => one.kid === kid);
  if (key === undefined) return false;
  const expected = digest(key, purpose, text);
  const bytes = Buffer.from(given, 'base64url');
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
