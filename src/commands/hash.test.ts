import { expect, test } from 'vitest';
import { run } from '../../test/config/run-command.ts';
import { checkHash } from '../basic/password-hash.ts';
import { verifyPassword } from '../basic/verify-password.ts';
import { hash } from './hash.ts';

const cwd = '/';

test('a password that is piped in is hashed with argon2id, its line ending not counted', async () => {
  const { code, out, err } = await run(hash, { cwd, stdin: 'open sesame\r\nmore\n' });
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out[0]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(checkHash(out[0]!)).toEqual({ kind: 'good' });
  expect(await verifyPassword('open sesame', out[0]!)).toBe(true);
});

test('--bcrypt makes a bcrypt hash that is taken', async () => {
  const { out } = await run(hash, { cwd, args: ['--bcrypt'], stdin: 'pässword\n' });
  expect(out[0]).toMatch(/^\$2b\$12\$/);
  expect(checkHash(out[0]!)).toEqual({ kind: 'good' });
  expect(await verifyPassword('pässword', out[0]!)).toBe(true);
});

test('a password typed twice at a terminal is hashed and nowhere shown', async () => {
  const typed = ['sesamm\u007fe\r', 'sesame\r'];
  const { code, out, err } = await run(hash, { cwd, typed });
  expect({ code, err }).toEqual({ code: 0, err: ['Password (not shown):', 'Repeat the password:'] });
  expect(await verifyPassword('sesame', out[0]!)).toBe(true);
});

test.each([
  ['two that differ', ['one\r', 'two\r'], 'The passwords do not match; nothing changed.'],
  ['an empty one', ['\r', '\r'], 'comfy-tenant hash: the password is empty'],
])('%s at a terminal gives no hash', async (_, typed, said) => {
  const { code, out, err } = await run(hash, { cwd, typed });
  expect({ code, out, said: err.at(-1) }).toEqual({ code: 1, out: [], said });
});

test('Ctrl-C at the prompt ends without a hash', async () => {
  const { code, out } = await run(hash, { cwd, typed: ['se\u0003'] });
  expect({ code, out }).toEqual({ code: 1, out: [] });
});

test.each([
  ['a control character', [], 'a\u0007b\n', 'a password must not contain control characters (RFC 7617)'],
  [
    'more than bcrypt reads',
    ['--bcrypt'],
    'x'.repeat(73),
    'bcrypt reads 72 bytes, this password has 73: take argon2id or a shorter one',
  ],
  ['over 1024 bytes', [], 'x'.repeat(1025), 'a password has at most 1024 bytes, this one 1025'],
])('a password of %s is refused', async (_, args, stdin, fault) => {
  const { code, out, err } = await run(hash, { cwd, args, stdin });
  expect({ code, out, err }).toEqual({ code: 1, out: [], err: [`comfy-tenant hash: ${fault}`] });
});

test('there is no way to give a password in the arguments', async () => {
  await expect(run(hash, { cwd, args: ['--password', 'secret'] })).rejects.toMatchObject({
    code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION',
  });
});
