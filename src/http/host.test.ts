import fc from 'fast-check';
import { isIPv6 } from 'node:net';
import { expect, test } from 'vitest';
import { isWellFormedHost } from './host.ts';

test.each([
  'a.test',
  'A.TEST',
  'a.test.',
  'a.test:1',
  'a.test:65535',
  'a.test.:8080',
  'localhost',
  'comfy_ui:8188',
  'xn--bcher-kva.example',
  '127.0.0.1:8080',
  '[::1]',
  '[::1]:8080',
  '[::]',
  '[1::]',
  '[2001:db8::1.2.3.4]:80',
  `${'a'.repeat(63)}.test`,
])('%s is a host', (host) => {
  expect(isWellFormedHost(host)).toBe(true);
});

test.each([
  '',
  ' ',
  '.',
  '..',
  ':80',
  '.:80.',
  'a.test:',
  'a.test:abc',
  'a.test:-1',
  'a.test:+80',
  'a.test:80.',
  'a.test:080',
  'a.test:0',
  'a.test:65536',
  'a.test:99999999999999999999',
  'a.test:80:80',
  'a.test ',
  ' a.test',
  'a test',
  'a.test,b.test',
  'user@a.test',
  'user:pass@a.test',
  'a..test',
  '.a.test',
  'a.test..',
  '-a.test',
  'a-.test',
  'a.test/x',
  'a.test?x',
  'a.test#x',
  'a.test\\x',
  'a%2etest',
  '*.test',
  '*',
  'ä.test',
  'a.test\u0000',
  'a.test\n',
  '::1',
  '[::1',
  '::1]',
  '[]',
  '[::1]x',
  '[::1]:',
  '[1::2::3]',
  '[:::]',
  '[12345::]',
  '[1:2:3:4:5:6:7:8:9]',
  '[::1.2.3.256]',
  '[fe80::1%eth0]',
  '[v1.a]',
  '[a.test]',
  `${'a'.repeat(64)}.test`,
  `${'a.'.repeat(130)}test`,
])('%j is not a valid host', (host) => {
  expect(isWellFormedHost(host)).toBe(false);
});

test('an address in brackets is a valid host exactly if Node accepts it as IPv6', () => {
  const part = fc.constantFrom('::', ':', '1', 'ab', 'FFFF', '12345', '1.2.3.4', '1.2.3', 'g');
  const address = fc.oneof(
    fc.ipV6(),
    fc.array(part, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
    fc.array(fc.constantFrom('0', '1a', '1.2.3.4', ''), { maxLength: 9 }).map((parts) => parts.join(':')),
  );
  fc.assert(
    fc.property(address, (text) => {
      expect(isWellFormedHost(`[${text}]`)).toBe(isIPv6(text));
    }),
    { numRuns: 20_000 },
  );
});
