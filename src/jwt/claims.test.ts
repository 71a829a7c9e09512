import { expect, test } from 'vitest';
import { identityText, forwardedText, readClaim } from './claims.ts';

const claims = JSON.parse(
  '{"sub":"alice","a":{"b":{"c":1}},"a.b":"whole","list":["x"],"__proto__":{"admin":"yes"},"text":"abc"}',
) as Record<string, unknown>;

test.each([
  ['sub', 'alice'],
  ['a.b', 'whole'],
  ['a.b.c', 1],
  ['missing', undefined],
  ['a.missing.c', undefined],
  ['toString', undefined],
  ['constructor.name', undefined],
  ['a.constructor', undefined],
  ['text.length', undefined],
  ['list.0', undefined],
  ['list.length', undefined],
  ['admin', undefined],
  ['__proto__.admin', 'yes'],
])('the claim %s is %j: what it has itself, and nothing that it inherits', (path, value) => {
  expect(readClaim(claims, path)).toBe(value);
});

test('of a member that stands twice the last one counts, in the judgement and in the id alike', () => {
  const twice = JSON.parse('{"sub":"alice","sub":"bob"}') as Record<string, unknown>;
  expect(identityText(readClaim(twice, 'sub'))).toBe('bob');
});

test('deep nesting is read no deeper than the path', () => {
  const deep = JSON.parse('{"a":'.repeat(5000) + '1' + '}'.repeat(5000)) as Record<string, unknown>;
  expect(readClaim(deep, 'a.a.a')).toBeTypeOf('object');
});

test.each([
  ['text', 'text'],
  [42, '42'],
  [false, 'false'],
  [['a', 'b,c', 3], 'a,b%2Cc,3'],
  ['line\r\nbreak', 'line%0D%0Abreak'],
  ['100%', '100%25'],
  ['half \ud800', 'half %EF%BF%BD'],
  [[], undefined],
  [['a', null], undefined],
  [{ a: 1 }, undefined],
  [null, undefined],
  [1.5, undefined],
  ['', undefined],
])('%j is passed on as %j', (claim, text) => {
  expect(forwardedText(claim)).toBe(text);
});
