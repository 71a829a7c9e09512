import { hash } from 'node:crypto';

const PREFIX = 'ct_';
/** 192 bits. */
const RANDOM_BYTES = 24;
const CHECKSUM_LENGTH = 6;
const SHAPE = /^ct_[A-Za-z0-9_-]{38}$/;

function checksum(text: string): string {
  return hash('sha256', `comfy-tenant ${text}`, 'base64url').slice(0, CHECKSUM_LENGTH);
}

/** A new access token: `ct_`, random text, and a checksum that tells it from a mistyped one. */
export function makeTokenText(randomBytes: (size: number) => Buffer): string {
  const text = PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');
  return text + checksum(text);
}

/** Whether a text can be an access token, without looking for it. */
export function isTokenText(text: string): boolean {
  return SHAPE.test(text) && text.slice(-CHECKSUM_LENGTH) === checksum(text.slice(0, -CHECKSUM_LENGTH));
}

/** What is stored instead of the token. Its 192 random bits need no slow hash. */
export function tokenDigest(text: string): string {
  return hash('sha256', text, 'base64url');
}
