import { generateKeyPairSync } from 'node:crypto';
import type { JWK } from 'jose';
import { expect, test } from 'vitest';
import { ASYMMETRIC, usableKeys } from './usable-keys.ts';

function rsa(bits: number): JWK {
  return generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });
}
const strong: JWK = { ...rsa(2048), kid: 'strong' };
const oct = (bytes: number): JWK => ({
  kty: 'oct',
  kid: 'o',
  k: Buffer.alloc(bytes, 1).toString('base64url'),
});

const kept = (keys: unknown[], algorithms: Parameters<typeof usableKeys>[1] = ASYMMETRIC) =>
  usableKeys({ keys }, algorithms);

test.each<[string, unknown, string]>([
  ['RSA under 2048 bits', { ...rsa(1024), kid: 'weak' }, 'is too weak: RSA needs 2048 bits'],
  ['RSA padded with zeros to look longer', { ...rsa(1024), n: Buffer.concat([Buffer.alloc(128), Buffer.from(rsa(1024).n ?? '', 'base64url')]).toString('base64url') }, 'is too weak: RSA needs 2048 bits'], // prettier-ignore
  ['a key for encryption', { ...strong, use: 'enc' }, 'is not for signatures (use, key_ops)'],
  ['a key that may only sign', { ...strong, key_ops: ['sign'] }, 'is not for signatures (use, key_ops)'],
  ['a shared secret beside public keys', oct(64), 'matches none of the algorithms'],
  [
    'a curve that is not known',
    { kty: 'EC', crv: 'secp256k1', x: 'a', y: 'b' },
    'is too short or of an unknown type',
  ],
  ['a key for another algorithm', { ...strong, alg: 'RSA-OAEP' }, 'matches none of the algorithms'],
  ['a curve that is no text', { kty: 'OKP', crv: { toString: 1 }, x: 'a' }, 'is too short or of an unknown type'], // prettier-ignore
  ['text', 'key', 'is not a key: it has no kty'],
  ['null', null, 'is not a key: it has no kty'],
])('%s is ignored and reported', (_, key, why) => {
  expect(kept([key, strong])).toEqual({ jwks: { keys: [strong] }, skipped: [`keys[0] ${why}`] });
});

test('only the first key without kid is used', () => {
  const nameless = { ...strong };
  delete nameless.kid;
  expect(kept([nameless, { ...rsa(2048) }])).toMatchObject({
    jwks: { keys: [nameless] },
    skipped: ['keys[1] is the second key without kid'],
  });
});

test('private parts are never kept', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  expect(JSON.stringify(kept([{ ...pair, kid: 'p' }]).jwks)).not.toContain('"d"');
});

test('a shared secret is used if its algorithm is configured and it is long enough', () => {
  expect(kept([oct(32)], ['HS256']).jwks.keys).toHaveLength(1);
  expect(kept([oct(31)], ['HS256']).jwks.keys).toHaveLength(0);
  expect(kept([oct(32)], ['HS512']).jwks.keys).toHaveLength(0);
});

test.each([null, [], 'keys', {}, { keys: {} }])('%j is not a key set', (jwks) => {
  expect(() => usableKeys(jwks, ASYMMETRIC)).toThrow('is not a JWKS: it has no list "keys"');
});
