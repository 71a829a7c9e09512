import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { isTokenText, makeTokenText, tokenDigest } from './token-text.ts';

test('a token has 192 random bits, and a checksum that finds a mistyped one', () => {
  const sizes: number[] = [];
  const token = makeTokenText((size) => {
    sizes.push(size);
    return randomBytes(size);
  });
  expect(sizes).toEqual([24]);
  expect(token).toMatch(/^ct_[A-Za-z0-9_-]{38}$/);
  expect(isTokenText(token)).toBe(true);
  for (let at = 0; at < token.length; at += 1) {
    const other = token[at] === 'x' ? 'y' : 'x';
    expect(isTokenText(token.slice(0, at) + other + token.slice(at + 1))).toBe(false);
  }
  for (const text of ['', 'ct_', `${token} `, token.slice(0, -1), `${token}a`, token.toUpperCase()])
    expect(isTokenText(text)).toBe(false);
});

test('the digest is SHA-256', () => {
  expect(tokenDigest('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
});
