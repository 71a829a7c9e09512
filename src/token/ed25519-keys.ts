import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

/** The public part of a key, as ComfyUI gets it. */
interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

interface Jwk {
  readonly kty?: unknown;
  readonly crv?: unknown;
  readonly x?: unknown;
  readonly d?: unknown;
}

/** RFC 7638 with the members of RFC 8037. */
function thumbprint(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}

function signingKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const kid = thumbprint(x);
  const publicJwk = { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' } as const;
  return { kid, privateKey, publicKey, publicJwk };
}

export function makeSigningKey(): SigningKey {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

function parseJwk(jwk: Jwk | null, place: string): SigningKey {
  if (typeof jwk !== 'object' || jwk?.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string')
    throw new Error(`${place}: must be an Ed25519 key (kty OKP, crv Ed25519, x, d)`);
  if (typeof jwk.d !== 'string')
    throw new Error(`${place}: is a public key: use the private key file, which only the service has`);
  const { x, d } = jwk;
  let key: SigningKey;
  try {
    key = signingKey(createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x, d }, format: 'jwk' }));
  } catch {
    // The cause may quote the key.
    throw new Error(`${place}: is not a valid Ed25519 private key`);
  }
  if (key.publicJwk.x !== x) throw new Error(`${place}: x does not belong to d`);
  return key;
}

/**
 * Parses a JWKS of private Ed25519 keys; the first signs, all of them verify.
 *
 * @throws Error naming the place; never with a part of a key
 */
export function parseSigningKeys(text: string, file: string): [SigningKey, ...SigningKey[]] {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    // The cause quotes the text.
    throw new Error(`${file}: is not valid JSON; restore it, or delete it to create a new key`);
  }
  const keys = (found as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error(`${file}: must be a JWKS: {"keys": [ … ]}`);
  const [first, ...others] = keys.map((jwk: Jwk | null, index) => parseJwk(jwk, `${file}: keys[${index}]`));
  if (first === undefined) throw new Error(`${file}: contains no key; delete the file to create a new one`);
  return [first, ...others];
}

/** The text of a private key file. */
export function formatSigningKeys(keys: readonly SigningKey[]): string {
  const jwks = keys.map(({ privateKey, publicJwk }) => ({
    ...publicJwk,
    d: privateKey.export({ format: 'jwk' }).d,
  }));
  return `${JSON.stringify({ keys: jwks }, null, 2)}\n`;
}
