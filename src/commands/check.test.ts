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

test('a good configuration is shown as it would be served', async () => {
  const second = spoil(BASIC, 'endpoints:\n', '')
    .replace('name: studio', 'name: open\n    domains: [b.example.com]\n    publicPaths: [{ path: /docs/* }]')
    .replace('8188', '8189')
    .replace('multiTenant: true', 'multiTenant: false');
  const { code, out, err } = await checked(JWT + second);
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out).toEqual([
    'endpoint api: * → http://127.0.0.1:8188',
    '  JWT, each user sees only their own',
    '  issuer https://login.example.com, audience comfyui, keys from https://login.example.com/jwks.json',
    'endpoint open: b.example.com → http://127.0.0.1:8189',
    '  BASIC, NOT multi-tenant: all share one ComfyUI',
    '  1 user',
    '  open to everyone: /docs/*',
    `gateway 127.0.0.1:8080, service unix:${directory.path}/run/authz.sock, admin 127.0.0.1:9002`,
    expect.stringMatching(
      /^revision [0-9a-f]{12}: good\. It keeps users' data apart; it is no sandbox for custom nodes\.$/,
    ),
  ]);
});

test('warnings are said, and the configuration is good all the same', async () => {
  directory.write('users.htpasswd', `bob:${BCRYPT}\ncarol:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n`);
  const { code, err } = await checked(spoil(BASIC, 'users:', 'usersFile: users.htpasswd\n      users:'));
  expect({ code, err }).toEqual({
    code: 0,
    err: [
      'warning: users.htpasswd:2: the password of carol is a SHA-1 hash without salt, which is quickly guessed; make one with `comfy-tenant hash`',
    ],
  });
});

test('every fault is said, and nothing of what would be served', async () => {
  expect(await checked(spoil(BASIC, BCRYPT, 'hunter2').replace('multiTenant', 'multiTennant'))).toEqual({
    code: 78,
    out: [],
    err: [
      'comfy-tenant.yaml:2:5 endpoints[0].multiTenant: is missing: must be true or false',
      'comfy-tenant.yaml:4:5 endpoints[0].multiTennant: is not a known key: did you mean multiTenant?',
      '2 faults: nothing would be served.',
    ],
  });
});

test('a fault of the users file is one of the configuration', async () => {
  directory.write('users.htpasswd', 'bob:hunter2\n');
  const { code, err } = await checked(spoil(BASIC, 'users:', 'usersFile: users.htpasswd\n      users:'));
  expect({ code, err }).toEqual({
    code: 78,
    err: [
      'users.htpasswd:1: the password of bob is not a password hash, and plain passwords are not read; make one with `comfy-tenant hash`',
      '1 fault: nothing would be served.',
    ],
  });
});
