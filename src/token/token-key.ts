import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createFileAtomically } from '../files/write-file-atomically.ts';

/** The keys shared with the plugin: the first signs, all of them verify, so that a key can be replaced without a gap. */
export interface TokenKeys {
  readonly signing: Uint8Array;
  readonly all: readonly Uint8Array[];
  /** First 8 hex digits of the SHA-256 of the signing key, to tell keys apart without showing them. */
  readonly fingerprint: string;
}

const MIN_BYTES = 32;

function parseLine(line: string, place: string): Uint8Array {
  const key = /^[A-Za-z0-9_-]+=*$/.test(line) ? Buffer.from(line, 'base64url') : Buffer.alloc(0);
  if (key.length < MIN_BYTES) {
    throw new Error(
      `${place}: must be base64url of at least ${MIN_BYTES} random bytes; delete the file to have one made`,
    );
  }
  return key;
}

function create(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const text = `${randomBytes(MIN_BYTES).toString('base64url')}\n`;
  // If another process was first, its key is the one.
  return createFileAtomically(file, text) ? text : readFileSync(file, 'utf8');
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads the token key file, one base64url key a line; makes it, readable by its owner only, when it is missing.
 *
 * @throws Error naming the line when a key is not base64url or has under 32 bytes
 */
export function loadTokenKeys(file: string): TokenKeys {
  const text = read(file) ?? create(file);
  const lines = text.split('\n').map((line) => line.trim());
  const all = lines.flatMap((line, index) => (line === '' ? [] : [parseLine(line, `${file}:${index + 1}`)]));
  const [signing] = all;
  if (signing === undefined) throw new Error(`${file}: is empty; delete the file to have a key made`);
  return { signing, all, fingerprint: createHash('sha256').update(signing).digest('hex').slice(0, 8) };
}
