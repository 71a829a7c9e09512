import { expect, test } from 'vitest';
import { apr1 } from './apr1.ts';

// From `openssl passwd -apr1`.
test.each([
  ['password', 'saltsalt', 'yAAkm4libquA.ZWLHbSBq/'],
  ['', 'saltsalt', 'a8ml/vK5HEjiZ5oypDWA7/'],
  ['x', 'saltsalt', 'Q17bmANhIA7pctgRGqF/S0'],
  ['a much longer password than sixteen bytes, äöü', 'saltsalt', 'YgEhKwpJTsqZqlsPmr/u81'],
  ['tulip-raven-81', 'ab', 'dOvKSHL2eAtDhaNJFMQkV.'],
])('the hash of %j with salt %s is what OpenSSL makes', (password, salt, digest) => {
  expect(apr1(password, salt)).toBe(`$apr1$${salt}$${digest}`);
});
