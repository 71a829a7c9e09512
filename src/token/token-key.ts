import { createHash } from 'node:crypto';
import { formatSigningKeys, makeSigningKey, parseSigningKeys, type SigningKey } from './ed25519-keys.ts';
import { readIfExists, readOrCreatePrivateFile } from '../files/private-file.ts';

/** What signs the tokens for ComfyUI. The first key signs; ComfyUI accepts all, so that a key can be replaced without a gap. */
export type TokenKeys = {
  /** Tells keys apart without showing them: first 8 characters of the RFC 7638 thumbprint, or of a shared key's SHA-256. */
  readonly fingerprint: string;
} & (
  | { readonly kind: 'ed25519'; readonly signing: SigningKey; readonly all: readonly SigningKey[] }
  /** comfy-tenant 0.1: an HS256 key that ComfyUI has too. */
  | { readonly kind: 'shared'; readonly signing: Uint8Array }
);

const MIN_BYTES = 32;
const FINGERPRINT_LENGTH = 8;

function parseSharedKey(line: string, place: string): Uint8Array {
  const key = /^[A-Za-z0-9_-]+=*$/.test(line) ? Buffer.from(line, 'base64url') : Buffer.alloc(0);
  if (key.length < MIN_BYTES) {
    throw new Error(
      `${place}: must be a JWKS of Ed25519 private keys, or a key of comfy-tenant 0.1 (base64url of at least ${MIN_BYTES} bytes); delete the file to create a new one`,
    );
  }
  return key;
}

function parseSharedKeys(text: string, file: string): TokenKeys {
  const lines = text.split('\n').map((line) => line.trim());
  const all = lines.flatMap((line, index) =>
    line === '' ? [] : [parseSharedKey(line, `${file}:${index + 1}`)],
  );
  const [signing] = all;
  if (signing === undefined) throw new Error(`${file}: is empty; delete the file to create a new key`);
  const fingerprint = createHash('sha256').update(signing).digest('hex').slice(0, FINGERPRINT_LENGTH);
  return { kind: 'shared', signing, fingerprint };
}

/** @throws Error naming the place, never with a part of a key */
function parseTokenKeys(text: string, file: string): TokenKeys {
  if (!text.trimStart().startsWith('{')) return parseSharedKeys(text, file);
  const all = parseSigningKeys(text, file);
  return { kind: 'ed25519', signing: all[0], all, fingerprint: all[0].kid.slice(0, FINGERPRINT_LENGTH) };
}

/**
 * Reads the key file: a JWKS of private Ed25519 keys, or shared keys of comfy-tenant 0.1. Creates one Ed25519 key,
 * readable by its owner only, if the file is missing.
 *
 * @throws Error naming the file and the place in it
 */
export function loadTokenKeys(file: string): TokenKeys {
  return parseTokenKeys(
    readOrCreatePrivateFile(file, () => formatSigningKeys([makeSigningKey()])),
    file,
  );
}

/** Reads the key file as `loadTokenKeys` does, but creates nothing: undefined if it is missing. */
export function readTokenKeys(file: string): TokenKeys | undefined {
  const text = readIfExists(file);
  return text === undefined ? undefined : parseTokenKeys(text, file);
}

/** Reads the key file of `comfy-tenant verify`, but creates nothing: undefined if it is missing. */
export function readVerifyKeys(file: string): readonly SigningKey[] | undefined {
  const text = readIfExists(file);
  return text === undefined ? undefined : parseSigningKeys(text, file);
}

/** Reads, or creates, the key that signs the right to be a temporary test user; no ComfyUI ever has it. */
export function loadVerifyKeys(file: string): readonly [SigningKey, ...SigningKey[]] {
  return parseSigningKeys(
    readOrCreatePrivateFile(file, () => formatSigningKeys([makeSigningKey()])),
    file,
  );
}
