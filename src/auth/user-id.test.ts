import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeUserId, parseUserId } from './user-id.ts';

test.each([
  ['alice', 'alice'],
  ['Alice.B_c-d+e@example.com', 'Alice.B_c-d+e@example.com'],
  ['Zoë', 'Zo%C3%AB'],
  ['a/b', 'a%2Fb'],
  ['../bob', '%2E.%2Fbob'],
  ['.', '%2E'],
  ['default', '%64efault'],
  ['Default', 'Default'],
  ['defaults', 'defaults'],
  ['a~b', 'a%7Eb'],
  ["!*'()", '%21%2A%27%28%29'],
  ['a,b', 'a%2Cb'],
  ['100%41', '100%2541'],
  ['alice\r\nX: y', 'alice%0D%0AX%3A%20y'],
])('the identity %j becomes %s', (identity, id) => {
  expect(encodeUserId(identity)).toBe(id);
});

test('a prefix is separated by a tilde, which identities cannot contain unencoded', () => {
  expect(encodeUserId('alice', 'corp')).toBe('corp~alice');
  expect(encodeUserId('corp~alice')).toBe('corp%7Ealice');
});

test.each([
  ['empty', ''],
  ['half a surrogate pair', 'a\ud800'],
  ['over 200 bytes', 'a'.repeat(201)],
  ['over 200 bytes once encoded', 'ë'.repeat(34)],
])('an identity that is %s is rejected', (_, identity) => {
  expect(encodeUserId(identity)).toBeUndefined();
});

test('an id of exactly 200 bytes is valid', () => {
  const longest = 'a'.repeat(200);
  expect(encodeUserId(longest)).toBe(longest);
  expect(encodeUserId('a'.repeat(198), 'p')).toBe(`p~${'a'.repeat(198)}`);
  expect(encodeUserId('a'.repeat(199), 'p')).toBeUndefined();
  expect(parseUserId(longest)).toBe(longest);
});

test('two identities never share an id, and every id is one safe path segment', () => {
  const identity = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(identity, identity, (one, other) => {
      const ids = [encodeUserId(one), encodeUserId(other)];
      if (ids[0] === undefined || ids[1] === undefined) return;
      expect(ids[0] === ids[1]).toBe(one === other);
      expect(ids[0]).toMatch(/^[A-Za-z0-9_@+%-][A-Za-z0-9._@+%-]*$/);
      expect(decodeURIComponent(ids[0])).toBe(one);
      expect(parseUserId(ids[0])).toBe(ids[0]);
    }),
    { numRuns: 2000 },
  );
});

test.each(['', '.a', 'default', 'a/b', 'a b', 'a%2f', 'a%', 'é', 'a'.repeat(201)])(
  '%j is not an encoded id',
  (text) => {
    expect(parseUserId(text)).toBeUndefined();
  },
);
