import { createHash, timingSafeEqual } from 'node:crypto';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import { apr1 } from './apr1.ts';

/** bcrypt reads no further: what stands behind would not be checked. */
const BCRYPT_MAX_BYTES = 72;

function equal(one: string, other: string): boolean {
  const left = Buffer.from(one);
  const right = Buffer.from(other);
  return left.length === right.length && timingSafeEqual(left, right);
}

type Verify = (password: string, hash: string) => Promise<boolean>;

const VERIFIERS: readonly (readonly [prefix: RegExp, verify: Verify])[] = [
  [/^\$argon2id\$/, (password, hash) => verifyArgon2(hash, password)],
  [
    /^\$2[aby]\$/,
    async (password, hash) => {
      const right = await verifyBcrypt(password, hash);
      return right && Buffer.byteLength(password) <= BCRYPT_MAX_BYTES;
    },
  ],
  [/^\$apr1\$/, (password, hash) => Promise.resolve(equal(apr1(password, hash.split('$')[2] ?? ''), hash))],
  [
    /^\{SHA\}/,
    (password, hash) =>
      Promise.resolve(equal(`{SHA}${createHash('sha1').update(password).digest('base64')}`, hash)),
  ],
];

/**
 * Whether a password is the one of the hash; slow by design, off the event loop for argon2id and bcrypt.
 *
 * @param hash argon2id, bcrypt (`$2a$`, `$2b$`, `$2y$`), or what `htpasswd` writes: apr1, {SHA}
 * @throws when the hash is of no known form or cannot be computed
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const found = VERIFIERS.find(([prefix]) => prefix.test(hash));
  if (found === undefined)
    throw new Error('password hash of an unknown form: make one with `comfy-tenant hash`');
  return found[1](password, hash);
}
