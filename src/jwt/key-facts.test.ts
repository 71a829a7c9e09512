import { expect, test } from 'vitest';
import { keyFacts } from './key-facts.ts';

const bytes = (count: number): string => Buffer.alloc(count, 255).toString('base64url');

test.each([
  [{ kty: 'RSA', kid: 'a', alg: 'RS256', n: bytes(256), e: 'AQAB' }, ['a', 'RS256', 'RSA 2048']],
  [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }, ['', 'EC', 'P-256']],
  [{ kty: 'OKP', kid: 'b', crv: 'Ed25519', x: 'x' }, ['b', 'OKP', 'Ed25519']],
  [{ kty: 'oct', alg: 'HS256', k: bytes(32) }, ['', 'HS256', 'HMAC 256']],
  [{ kid: 7, kty: ['RSA'], alg: null, crv: {} }, ['', '', '']],
  [{ kid: 'k'.repeat(100) }, ['k'.repeat(60), '', '']],
])('%j is shown as %j', (key, [kid, algorithm, strength]) => {
  expect(keyFacts(key)).toEqual({ kid, algorithm, strength });
});

test('no value of a key is shown', () => {
  const key = { kty: 'oct', k: bytes(32), d: 'private', n: bytes(256) };
  expect(JSON.stringify(keyFacts(key))).not.toMatch(/private|_{9}/);
});
