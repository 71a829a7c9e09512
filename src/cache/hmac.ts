import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

function padded(key: Uint8Array, byte: number): Buffer {
  return Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, index) => (key[index] ?? 0) ^ byte));
}

/** Longer texts than any header get a buffer of their own. */
const SCRATCH_BYTES = 64 * 1024;
/** Longer tokens are rare. */
const PARTS = 2048;

/**
 * HMAC-SHA-256 (RFC 2104) of texts under one key, as a string of one character a byte. By one-shot hashes over one
 * buffer: the objects of `createHmac` cost the collector more than the hashing itself.
 *
 * @param key at most 64 bytes
 */
export function keyedHmac(key: Uint8Array): (text: string) => string {
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  outer.set(padded(key, 0x5c));
  const inner = padded(key, 0x36);
  const scratch = Buffer.alloc(BLOCK_BYTES + SCRATCH_BYTES);
  scratch.set(inner);
  /** Parts of `scratch` by their length: each costs more to make than its bytes to hash. */
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
