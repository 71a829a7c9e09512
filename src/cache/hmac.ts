import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

function padded(key: Uint8Array, byte: number): Buffer {
  return Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, index) => (key[index] ?? 0) ^ byte));
}

/** Longer texts than any header get their own buffer. */
const SCRATCH_BYTES = 64 * 1024;
/** Longer tokens are rare. */
const PARTS = 2048;

/**
 * HMAC-SHA-256 (RFC 2104) under one key, as a latin1 string of one character per byte. Uses one-shot hashes over one
 * buffer: garbage collection of `createHmac` objects costs more than the hashing.
 *
 * @param key at most 64 bytes
 */
export function keyedHmac(key: Uint8Array): (text: string) => string {
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  outer.set(padded(key, 0x5c));
  const inner = padded(key, 0x36);
  const scratch = Buffer.alloc(BLOCK_BYTES + SCRATCH_BYTES);
  scratch.set(inner);
  /** Slices of `scratch` by length: creating one costs more than hashing it. */
  const parts: Buffer[] = [];

  function message(text: string): Buffer {
    const bytes = Buffer.byteLength(text);
    const whole = bytes <= SCRATCH_BYTES ? scratch : Buffer.concat([inner], BLOCK_BYTES + bytes);
    whole.write(text, BLOCK_BYTES);
    return bytes < PARTS
      ? (parts[bytes] ??= scratch.subarray(0, BLOCK_BYTES + bytes))
      : whole.subarray(0, BLOCK_BYTES + bytes);
  }

  return (text) => {
    outer.write(hash('sha256', message(text), 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', outer, 'binary');
  };
}
