import fc from 'fast-check';
import { expect, test } from 'vitest';
import { basic } from '../../test/support/requests.ts';
import { parseBasic } from './parse-basic.ts';

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('base64');

test.each([
  ['a user and a password', basic('alice', 'tulip'), 'alice', 'tulip'],
  ['UTF-8', basic('Zoë', 'pässwörd 😀'), 'Zoë', 'pässwörd 😀'],
  ['colons in the password', basic('alice', 'a:b::c'), 'alice', 'a:b::c'],
  ['an empty password', basic('alice', ''), 'alice', ''],
  ['the scheme in any case', basic('alice', 'x').replace('Basic', 'bAsIc'), 'alice', 'x'],
  ['several spaces after the scheme', basic('alice', 'x').replace(' ', '   '), 'alice', 'x'],
  ['no padding', `Basic ${base64('ab:c').replaceAll('=', '')}`, 'ab', 'c'],
])('Basic credentials may have %s', (_, authorization, username, password) => {
  expect(parseBasic(authorization)).toEqual({ kind: 'basic', username, password });
});

test.each([
  ['two joined lines', `${basic('a', 'b')},Bearer zzz`, 'credentials-ambiguous'],
  ['another scheme', 'Bearer abc', 'scheme-unsupported'],
  ['no token', 'Basic', 'credentials-malformed'],
  ['an empty field', '', 'credentials-malformed'],
  ['base64url', 'Basic YTo_', 'credentials-malformed'],
  ['a second token', `${basic('a', 'b')} c`, 'credentials-malformed'],
  ['bits after the end of base64', 'Basic YTpiYR==', 'credentials-malformed'],
  ['no colon', `Basic ${base64('alice')}`, 'credentials-malformed'],
  ['no user name', `Basic ${base64(':secret')}`, 'credentials-malformed'],
  ['a line feed', basic('ali\nce', 'x'), 'credentials-malformed'],
  ['a NUL in the password', basic('alice', 'x\0y'), 'credentials-malformed'],
  [
    'Latin-1 instead of UTF-8',
    `Basic ${base64(Uint8Array.of(0x5a, 0xeb, 0x3a, 0x78))}`,
    'credentials-malformed',
  ],
])('Basic credentials with %s are refused', (_, authorization, reason) => {
  expect(parseBasic(authorization)).toEqual({ kind: 'refused', reason });
});

test('parsing never throws, whatever is sent', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.base64String().map((text) => `Basic ${text}`),
      ),
      (text) => {
        parseBasic(text);
      },
    ),
    { numRuns: 5000 },
  );
});
