import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;

function padded(key: Uint8Array, byte: number): Buffer {
  return Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, index) => (key[index] ?? 0) ^ byte));
}

/**
 * HMAC-SHA-256 (RFC 2104) of texts under one key, as a string of one character a byte. By one-shot hashes: the objects
 * of `createHmac` cost the collector more than the hashing itself.
 *
 * @param key at most 64 bytes
 */
export function keyedDigest(key: Uint8Array): (text: string) => string {
  const inner = padded(key, 0x36);
  const outer = padded(key, 0x5c);
  return (text) => {
    const message = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(text));
    inner.copy(message);
    message.write(text, BLOCK_BYTES);
    const digest = Buffer.allocUnsafe(BLOCK_BYTES + 32);
    outer.copy(digest);
    digest.set(hash('sha256', message, 'buffer'), BLOCK_BYTES);
    return hash('sha256', digest, 'binary');
  };
}
