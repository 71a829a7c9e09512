import { hash as argon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';

export type HashKind = 'argon2id' | 'bcrypt';

/** OWASP's least for argon2id: 19 MiB, two rounds, one lane; a check takes about 20 ms. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const BCRYPT_COST = 12;
/** bcrypt reads no further. */
const BCRYPT_MAX_BYTES = 72;
const MAX_BYTES = 1024;
const FUNART = [/^.{12,128}$/, /[A-Z]/, /[a-z]/, /[0-9]/, /[!@#$%^&*()]/];
// eslint-disable-next-line no-control-regex -- RFC 7617 §2 forbids exactly these.
const CONTROL = /[\x00-\x1f\x7f]/;

export interface PasswordRules {
  readonly kind: HashKind;
  readonly policy?: 'funart' | undefined;
}

/** What keeps a text from being a password that can be typed and checked, or undefined. */
export function passwordFault(password: string, { kind, policy }: PasswordRules): string | undefined {
  const bytes = Buffer.byteLength(password);
  if (bytes === 0) return 'the password is empty';
  if (CONTROL.test(password)) return 'a password must not contain control characters (RFC 7617)';
  if (kind === 'bcrypt' && bytes > BCRYPT_MAX_BYTES)
    return `bcrypt reads ${BCRYPT_MAX_BYTES} bytes, this password has ${bytes}: take argon2id or a shorter one`;
  if (bytes > MAX_BYTES) return `a password has at most ${MAX_BYTES} bytes, this one ${bytes}`;
  if (policy === 'funart' && !FUNART.every((rule) => rule.test(password)))
    return 'policy funart asks for 12 to 128 characters with an upper-case and a lower-case letter, a digit and one of !@#$%^&*()';
  return undefined;
}

/** Hashes a password with a salt of its own, as the configuration and the users file take it. */
export async function makeHash(password: string, kind: HashKind): Promise<string> {
  if (kind === 'argon2id') return argon2(password, ARGON2);
  // The library writes $2y$, the same algorithm under the name that only PHP and Apache use.
  return (await bcrypt(password, BCRYPT_COST)).replace(/^\$2y\$/, '$2b$');
}
