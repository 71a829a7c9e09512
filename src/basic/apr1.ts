import { createHash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ROUNDS = 1000;
/** Indexes of the digest bytes in each group of 24 bits, highest first (Apache's apr_md5_encode). */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

function md5(...parts: Uint8Array[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function encode(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest >>>= 6) text += ALPHABET.charAt(rest & 63);
  return text;
}

function encodeDigest(digest: Buffer): string {
  const groups = GROUPS.map(([high, middle, low]) =>
    encode((digest.readUInt8(high) << 16) | (digest.readUInt8(middle) << 8) | digest.readUInt8(low), 4),
  );
  return groups.join('') + encode(digest.readUInt8(11), 2);
}

function firstDigest(password: Buffer, salt: Buffer): Buffer {
  const inner = md5(password, salt, password);
  const parts: Uint8Array[] = [password, Buffer.from('$apr1$'), salt];
  for (let left = password.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(left, 16)));
  for (let bits = password.length; bits > 0; bits >>>= 1) {
    parts.push((bits & 1) === 1 ? Buffer.from([0]) : password.subarray(0, 1));
  }
  return md5(...parts);
}

/**
 * Apache's MD5 password hash (`htpasswd -m`): a thousand rounds of MD5, weak by today's standards.
 *
 * @param salt the text between `$apr1$` and the next `$`, 1 to 8 characters
 * @returns the whole hash, as `htpasswd` writes it
 */
export function apr1(passwordText: string, salt: string): string {
  const password = Buffer.from(passwordText);
  const saltBytes = Buffer.from(salt);
  let digest = firstDigest(password, saltBytes);
  for (let round = 0; round < ROUNDS; round++) {
    const parts: Uint8Array[] = [round % 2 === 1 ? password : digest];
    if (round % 3 !== 0) parts.push(saltBytes);
    if (round % 7 !== 0) parts.push(password);
    parts.push(round % 2 === 1 ? digest : password);
    digest = md5(...parts);
  }
  return `$apr1$${salt}$${encodeDigest(digest)}`;
}
