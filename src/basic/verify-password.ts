import { createHash, timingSafeEqual } from 'node:crypto';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import { apr1 } from './apr1.ts';

/** bcrypt ignores all bytes after these, so longer passwords are rejected. */
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
 * Whether a password matches a hash; slow by design. argon2id and bcrypt run off the event loop.
 *
 * @param hash argon2id, bcrypt (`$2a$`, `$2b$`, `$2y$`), or what `htpasswd` writes: apr1, {SHA}
 * @throws Error if the hash has an unknown format or cannot be computed
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const found = VERIFIERS.find(([prefix]) => prefix.test(hash));
  if (found === undefined)
    throw new Error('unknown password hash format: create one with `comfy-tenant hash`');
  return found[1](password, hash);
}
