import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeNext } from './safe-next.ts';

test.each(['/', '/?workflow=a', '/view?filename=a%2Fb.png&type=output', '/a//b', '/_authx', '/x/_auth/y'])(
  '%s is kept',
  (next) => {
    expect(safeNext(next)).toBe(next);
  },
);

test.each([
  '',
  'x',
  'https://evil.example/',
  '//evil.example/',
  '///evil.example/',
  '/\\evil.example/',
  '\\/evil.example/',
  '/\t/evil.example/',
  '\t//evil.example/',
  ' //evil.example/',
  '/.//evil.example/',
  '/x/..//evil.example/',
  '/%2e%2e//evil.example/',
  'javascript:alert(1)',
  '/\r\nSet-Cookie: a=b',
  '/é',
  '/_auth',
  '/_auth?next=/',
  '/_auth/sign-out',
  '/_AUTH/sign-out',
  '/%5fauth/sign-out',
  '/x/../_auth/sign-in',
  '/x/%2e%2e/_auth/sign-in',
  '/./_auth/sign-in',
  '/%2f_auth/sign-in',
  `/${'a'.repeat(3000)}`,
])('%j leads to /', (next) => {
  expect(safeNext(next)).toBe('/');
});

test('whatever is asked, a browser stays on this origin and leaves the sign-in pages', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '%2e',
    '%2f',
    '_auth',
    '@',
    ':',
    '?',
    '#',
    '\t',
    'evil.example',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 8 }), (pieces) => {
      const { origin, pathname } = new URL(
        safeNext(pieces.join('')),
        'https://comfy.example.com/_auth/sign-in',
      );
      expect(origin).toBe('https://comfy.example.com');
      expect(pathname).not.toMatch(/^\/_auth(\/|$)/i);
    }),
    { numRuns: 3000 },
  );
});
