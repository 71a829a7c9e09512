import { execFileSync } from 'node:child_process';
import { hash as argon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { expect, test } from 'vitest';
import { verifyPassword } from './verify-password.ts';

/** Apache's own htpasswd; `apt-get install apache2-utils` brings it. */
function htpasswd(option: string, password: string): string {
  const line = execFileSync('htpasswd', ['-n', '-b', option, 'alice', password], { encoding: 'utf8' });
  return line.trim().slice('alice:'.length);
}

const PASSWORD = 'tulip:räven 81';

/** The three letters name one algorithm for any password that bcrypt reads whole. */
async function bcryptAs(version: string): Promise<string> {
  return (await bcrypt(PASSWORD, 4)).replace(/^\$2[aby]/, `$${version}`);
}

test.each([
  ['argon2id', () => argon2(PASSWORD)],
  ['bcrypt $2a', () => bcryptAs('2a')],
  ['bcrypt $2b', () => bcryptAs('2b')],
  ['bcrypt $2y', () => bcryptAs('2y')],
  ['bcrypt of htpasswd', () => htpasswd('-B', PASSWORD)],
  ['apr1 of htpasswd', () => htpasswd('-m', PASSWORD)],
  ['{SHA} of htpasswd', () => htpasswd('-s', PASSWORD)],
])('a password is verified against %s', async (_, make) => {
  const hash = await make();
  expect(await verifyPassword(PASSWORD, hash)).toBe(true);
  expect(await verifyPassword(`${PASSWORD} `, hash)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
});

test('apr1 equals that of htpasswd for every password length up to 40', async () => {
  for (let length = 1; length <= 40; length++) {
    const password = 'x'.repeat(length);
    expect(await verifyPassword(password, htpasswd('-m', password))).toBe(true);
  }
});

test('a password longer than bcrypt reads is rejected', async () => {
  const hash = await bcrypt('a'.repeat(72), 4);
  expect(await verifyPassword('a'.repeat(72), hash)).toBe(true);
  expect(await verifyPassword('a'.repeat(73), hash)).toBe(false);
});

test.each(['tulip', '', '$1$abc$def', '{PLAIN}tulip'])('%j is not a hash', async (hash) => {
  await expect(verifyPassword('tulip', hash)).rejects.toThrow(
    'unknown password hash format: create one with `comfy-tenant hash`',
  );
});
