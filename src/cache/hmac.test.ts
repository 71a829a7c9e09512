import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyedHmac } from './hmac.ts';

test('it is HMAC-SHA-256', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 64 });
  fc.assert(
    fc.property(key, fc.string({ unit: 'grapheme', maxLength: 300 }), (bytes, text) => {
      expect(keyedHmac(bytes)(text)).toBe(createHmac('sha256', bytes).update(text).digest('binary'));
    }),
    { numRuns: 2000 },
  );
});
