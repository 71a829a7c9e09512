import { expect, test } from 'vitest';
import { allowedNames, isAllowedHost } from './allowed-host.ts';

const names = allowedNames({ host: 'admin.internal', port: 9002 }, ['authz', 'Metrics.Example.com']);

test.each([
  '127.0.0.1:9002',
  '127.0.0.1',
  '10.244.3.7:9002',
  '[::1]:9002',
  '[fd00::7]',
  'localhost:9002',
  'LOCALHOST',
  'admin.internal:9002',
  'authz:9002',
  'metrics.example.com',
  'authz.:9002',
])('%s may ask', (host) => {
  expect(isAllowedHost(host, names)).toBe(true);
});

test.each([
  undefined,
  '',
  'evil.example.com',
  'evil.example.com:9002',
  'authz.evil.example.com',
  '127.0.0.1.evil.example.com',
  '127.0.0.1:9002.evil.example.com',
  '[::1].evil.example.com',
  '[evil]',
  'authz:9002:80',
  'authz@evil',
  '2130706433',
  '0x7f.1',
  'localhost..',
  'authz:port',
])('%s may not: it is no configured name and no IP address', (host) => {
  expect(isAllowedHost(host, names)).toBe(false);
});
