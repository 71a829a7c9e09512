import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { explainError } from './explain-error.ts';
import { ListenError } from './listen-error.ts';
import { explainSystemError } from './system-error.ts';

const failed = (fields: object): Error => Object.assign(new Error('as Node words it'), fields);

test.each([
  [
    { code: 'ENOSPC', syscall: 'write', path: '/a' },
    '/a: the disk is full: free some space (df -h), then try again (ENOSPC, write)',
  ],
  [
    { code: 'EXDEV', syscall: 'rename', path: '/a', dest: '/b' },
    '/a → /b: is on another file system than its target: use one file system for both (EXDEV, rename)',
  ],
  [
    { code: 'ENOENT', syscall: 'spawn /a', path: '/a' },
    '/a: does not exist: create it or name another (ENOENT, spawn)',
  ],
  [
    { code: 'EEXIST', syscall: 'mkdir', path: '/a' },
    '/a: is a file, but a folder is needed here: delete it or name another path (EEXIST, mkdir)',
  ],
  [
    { code: 'EADDRINUSE', syscall: 'listen', address: '::1', port: 80 },
    '[::1]:80: another program is listening there: stop it, or configure another address (EADDRINUSE, listen)',
  ],
  [
    { code: 'EADDRINUSE', syscall: 'listen', address: '/run/a.sock', port: -1 },
    '/run/a.sock: another program is listening there: stop it, or configure another address (EADDRINUSE, listen)',
  ],
  [
    { code: 'EACCES', syscall: 'listen', address: '0.0.0.0', port: 443 },
    '0.0.0.0:443: ports below 1024 need root or CAP_NET_BIND_SERVICE: use a port from 1024 (EACCES, listen)',
  ],
  [
    { code: 'EMFILE', syscall: 'open', path: '/a' },
    '/a: this process has too many open files: raise the limit (ulimit -n 65536), then try again (EMFILE, open)',
  ],
])('%o is one line with place, rule and remedy', (fields, line) => {
  expect(explainSystemError(failed(fields))).toBe(line);
});

test('every code that is explained is one of this system or of its resolver', () => {
  const known = new Set([...Object.keys(constants.errno), 'ENOTFOUND', 'EAI_AGAIN']);
  for (const code of ['EROFS', 'ELOOP', 'ENOTDIR', 'EADDRNOTAVAIL', 'EPERM', 'EIO', 'EDQUOT', 'EAI_AGAIN']) {
    expect(known).toContain(code);
    expect(explainSystemError(failed({ code, path: '/a' }))).toMatch(/^\/a: .+: .+ \([A-Z_]+\)$/);
  }
});

test('an error of no system call is not explained, not even one named like a property of objects', () => {
  expect(explainSystemError(new TypeError('x is undefined'))).toBeUndefined();
  expect(explainSystemError(failed({ code: 'constructor' }))).toBeUndefined();
  expect(explainSystemError('EACCES')).toBeUndefined();
});

test.each([
  [
    '127.0.0.1:9001',
    failed({ code: 'EADDRINUSE' }),
    '127.0.0.1:9001: another program is listening there: stop it, or configure another address (EADDRINUSE, listen)',
  ],
  [
    '[2001:db8::1]:9001',
    new Error(
      'No address added out of total 1 resolved errors: [listen EADDRNOTAVAIL: address not available 2001:db8::1:9001]',
    ),
    '[2001:db8::1]:9001: is not an address of this machine: use 127.0.0.1, 0.0.0.0 or one that `ip addr` shows (EADDRNOTAVAIL, listen)',
  ],
  [
    '/run/a.sock',
    new Error('listen EACCES: permission denied /run/a.sock'),
    '/run/a.sock: this user has no permission: check the owner and mode of it and of the folders above it, or run as another user (EACCES, listen)',
  ],
  [
    'nowhere:9001',
    new Error('Name resolution failed'),
    'cannot listen on nowhere:9001: Name resolution failed',
  ],
])('%s that cannot be listened on names the key and is printed once', (listen, cause, line) => {
  expect(explainError(new ListenError('service.listen', listen, cause))).toBe(`service.listen: ${line}`);
});
