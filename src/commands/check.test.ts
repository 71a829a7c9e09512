import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  BASIC,
  BCRYPT,
  configDirectory,
  JWT,
  spoil,
  type ConfigDirectory,
} from '../../test/config/config-file.ts';
import { run, type Ran } from '../../test/config/run-command.ts';
import { formatSigningKeys, makeSigningKey } from '../token/ed25519-keys.ts';
import { check } from './check.ts';

let directory: ConfigDirectory;
beforeEach(() => {
  directory = configDirectory();
});
afterEach(() => {
  directory.remove();
});

function checked(text: string): Promise<Ran> {
  directory.write('comfy-tenant.yaml', text);
  return run(check, { cwd: directory.path });
}

test('a valid configuration is summarized', async () => {
  const second = spoil(BASIC, 'endpoints:\n', '')
    .replace('name: studio', 'name: open\n    domains: [b.example.com]\n    publicPaths: [{ path: /docs/* }]')
    .replace('8188', '8189')
    .replace('multiTenant: true', 'multiTenant: false');
  const { code, out, err } = await checked(JWT + second);
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out).toEqual([
    'endpoint api: * → http://127.0.0.1:8188',
    '  JWT, multi-tenant',
    '  issuer https://login.example.com, audience comfyui, keys from https://login.example.com/jwks.json',
    'endpoint open: b.example.com → http://127.0.0.1:8189',
    '  BASIC, NOT multi-tenant: all users share one ComfyUI',
    '  1 user',
    '  public, no authentication:  /docs/*',
    `key ${directory.path}/.comfy-tenant/token.key: will be created`,
    `gateway 127.0.0.1:8080, service unix:${directory.path}/run/authz.sock, admin 127.0.0.1:9002`,
    expect.stringMatching(
      /^revision [0-9a-f]{12}: valid\. Users' data is isolated; check --live shows whether the kernel confines custom nodes\.$/,
    ),
  ]);
});

test('access rules, their tests and allowed origins are in the summary', async () => {
  const { code, out } = await checked(`${BASIC}    allowedOrigins: [https://portal.example.com]
    rules: [{ deny: /free }, { deny: /upload/* }]
    tests: [{ as: alice, request: POST /api/free, expect: deny }]
`);
  expect(code).toBe(0);
  expect(out).toContain('  2 access rules, 1 test passed');
  expect(out).toContain('  pages of other origins may use it:  https://portal.example.com');
});

test('a failing test of the rules is an error', async () => {
  const { code, err } = await checked(`${BASIC}    rules: [{ deny: /free }]
    tests: [{ as: alice, request: POST /api/free, expect: allow }]
`);
  expect(code).toBe(78);
  expect(err[0]).toMatch(
    /^comfy-tenant\.yaml:10:13 endpoints\[0\]\.tests\[0\]: POST \/api\/free as alice must be allowed/,
  );
});

test('warnings are printed, and the configuration is still valid', async () => {
  directory.write('users.htpasswd', `bob:${BCRYPT}\ncarol:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n`);
  const { code, err } = await checked(spoil(BASIC, 'users:', 'usersFile: users.htpasswd\n      users:'));
  expect({ code, err }).toEqual({
    code: 0,
    err: [
      'warning: users.htpasswd:2: the password of carol is an unsalted SHA-1 hash, which is quick to brute-force; create one with `comfy-tenant hash`',
    ],
  });
});

test('every problem is printed, without a summary', async () => {
  expect(await checked(spoil(BASIC, BCRYPT, 'hunter2').replace('multiTenant', 'multiTennant'))).toEqual({
    code: 78,
    out: [],
    err: [
      'comfy-tenant.yaml:4:5 endpoints[0].multiTennant: is not a known key: did you mean multiTenant?',
      'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is not a password hash, and plain-text passwords are not accepted; create one with `comfy-tenant hash`',
      '2 problems found; the service would not start.',
    ],
  });
});

test('a problem in the users file is a problem of the configuration', async () => {
  directory.write('users.htpasswd', 'bob:hunter2\n');
  const { code, err } = await checked(spoil(BASIC, 'users:', 'usersFile: users.htpasswd\n      users:'));
  expect({ code, err }).toEqual({
    code: 78,
    err: [
      'users.htpasswd:1: the password of bob is not a password hash, and plain-text passwords are not accepted; create one with `comfy-tenant hash`',
      '1 problem found; the service would not start.',
    ],
  });
});

test('files that others can read or change cause warnings', async () => {
  directory.write('users.htpasswd', `alice:${BCRYPT}\n`);
  directory.write('token.key', formatSigningKeys([makeSigningKey()]));
  const text = `${BASIC.replace(/users:[^]*/, 'usersFile: users.htpasswd\n')}comfyui: { tokenKeyFile: token.key }\n`;
  const at = (name: string): string => join(directory.path, name);
  const modes = async (users: number, key: number): Promise<readonly string[]> => {
    chmodSync(at('users.htpasswd'), users);
    chmodSync(at('token.key'), key);
    return (await checked(text)).err;
  };
  expect(await modes(0o600, 0o640)).toEqual([]);
  expect(await modes(0o644, 0o604)).toEqual([
    `warning: endpoints[0].auth.usersFile: every user of this machine can read ${at('users.htpasswd')}: chmod o-rwx it`,
    `warning: comfyui.tokenKeyFile: every user of this machine can read ${at('token.key')}: chmod o-rwx it`,
  ]);
  expect(await modes(0o660, 0o600)).toEqual([
    `warning: endpoints[0].auth.usersFile: other users can change ${at('users.htpasswd')} and so grant themselves access: chmod go-w it`,
  ]);
});
