import { hash as argon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';

export type HashKind = 'argon2id' | 'bcrypt';

/** OWASP's minimum for argon2id: 19 MiB, two rounds, one lane; one verification takes about 20 ms. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const BCRYPT_COST = 12;
/** bcrypt ignores all bytes after these. */
const BCRYPT_MAX_BYTES = 72;
const MAX_BYTES = 1024;
const FUNART = [/^.{12,128}$/, /[A-Z]/, /[a-z]/, /[0-9]/, /[!@#$%^&*()]/];
// eslint-disable-next-line no-control-regex -- RFC 7617 §2 forbids exactly these.
const CONTROL = /[\x00-\x1f\x7f]/;

export interface PasswordRules {
  readonly kind: HashKind;
  readonly policy?: 'funart' | undefined;
}

/** Why a password is not acceptable, or undefined. */
export function passwordFault(password: string, { kind, policy }: PasswordRules): string | undefined {
  const bytes = Buffer.byteLength(password);
  if (bytes === 0) return 'the password is empty';
  if (CONTROL.test(password)) return 'a password must not contain control characters (RFC 7617)';
  if (kind === 'bcrypt' && bytes > BCRYPT_MAX_BYTES)
    return `bcrypt uses only ${BCRYPT_MAX_BYTES} bytes, this password has ${bytes}: use argon2id or a shorter password`;
  if (bytes > MAX_BYTES) return `a password can have at most ${MAX_BYTES} bytes, this one has ${bytes}`;
  if (policy === 'funart' && !FUNART.every((rule) => rule.test(password)))
    return 'policy funart requires 12 to 128 characters with an upper-case and a lower-case letter, a digit and one of !@#$%^&*()';
  return undefined;
}

/** Hashes a password with a random salt, in the format of the configuration and the users file. */
export async function makeHash(password: string, kind: HashKind): Promise<string> {
  if (kind === 'argon2id') return argon2(password, ARGON2);
  // The library writes $2y$, PHP's and Apache's name for the same algorithm.
  return (await bcrypt(password, BCRYPT_COST)).replace(/^\$2y\$/, '$2b$');
}
