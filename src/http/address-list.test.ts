import { expect, test } from 'vitest';
import { addressList, isAddressBlock } from './address-list.ts';

test.each([
  ['172.18.0.1', true],
  ['::ffff:172.18.0.1', true],
  ['172.32.0.1', false],
  ['10.1.2.3', true],
  ['10.1.2.4', false],
  ['fd00::7', true],
  ['fe80::1', false],
  ['', false],
  ['172.18.0.1.evil', false],
  ['::ffff:172.18.0.1.evil', false],
])('%j is in the list: %s', (address, expected) => {
  expect(addressList(['172.16.0.0/12', '10.1.2.3', 'fd00::/8'])(address)).toBe(expected);
});

test('an empty list has no address', () => {
  expect(addressList([])('127.0.0.1')).toBe(false);
});

test.each([
  '',
  'localhost',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '::/129',
  '10.0.0/8',
  '10.0.0.0/x',
])('%j is no address and no network', (text) => {
  expect(isAddressBlock(text)).toBe(false);
});
