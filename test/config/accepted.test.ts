import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { growthOf, LINEAR } from '../support/cpu-time.ts';
import { BASIC, BCRYPT, configDirectory, faultsOf, JWT, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const SECOND = spoil(BASIC, 'endpoints:\n', '');
const USERS = BASIC.slice(BASIC.indexOf('users:'));
const FILE = spoil(BASIC, USERS, 'usersFile: users.htpasswd\n');
const EC =
  '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}';

function warningsOf(text: string): readonly string[] {
  const loaded = directory.load(text);
  expect(faultsOf(loaded)).toEqual([]);
  return loaded.warnings;
}

test('a user list and an issuer in front of one ComfyUI pass with sameUsers', () => {
  const text = JWT.replace('name: api', 'name: api\n    domains: [api.example.com]') + SECOND;
  expect(warningsOf(`sameUsers: true\n${text}`)).toEqual([]);
});

test('a user list and an issuer in front of one ComfyUI pass with a prefix for one of them', () => {
  const text = JWT.replace('name: api', 'name: api\n    domains: [api.example.com]') + SECOND;
  expect(warningsOf(text.replace('audience:', 'userIdPrefix: corp\n          audience:'))).toEqual([]);
});

test('one issuer at two domains of one ComfyUI is one source', () => {
  const other = spoil(JWT, 'endpoints:\n', '').replace('name: api', 'name: b\n    domains: [b.example.com]');
  expect(warningsOf(JWT + other)).toEqual([]);
});

test('the switch may be off with the line for the isolation id still there, or without it', () => {
  expect(warningsOf(spoil(JWT, 'multiTenant: true', 'multiTenant: false'))).toEqual([]);
  const none = JWT.slice(0, JWT.indexOf('      claimTransformations'));
  expect(warningsOf(spoil(none, 'multiTenant: true', 'multiTenant: false'))).toEqual([]);
});

test('an endpoint without user ids in front of a multi-tenant ComfyUI is warned of', () => {
  const open = SECOND.replace('name: studio', 'name: open\n    domains: [b.example.com]');
  expect(warningsOf(BASIC + spoil(open, 'multiTenant: true', 'multiTenant: false'))).toEqual([
    'comfy-tenant.yaml:12:18 endpoints[1].multiTenant: is false, but endpoint studio serves 127.0.0.1:8188 to many: its plugin refuses requests without a user id',
  ]);
});

test('what htpasswd writes is taken from a file, the weak with a warning', () => {
  directory.write(
    'users.htpasswd',
    `# made by htpasswd\n\nalice:${BCRYPT}\nbob:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00\ncarol:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n`,
  );
  expect(warningsOf(FILE)).toEqual([
    'users.htpasswd:4: the password of bob is an MD5 hash (apr1), which is quickly guessed; make one with `comfy-tenant hash`',
    'users.htpasswd:5: the password of carol is a SHA-1 hash without salt, which is quickly guessed; make one with `comfy-tenant hash`',
  ]);
});

test('a users file without users is warned of', () => {
  directory.write('users.htpasswd', '# nobody yet\n');
  expect(warningsOf(FILE)).toEqual([
    'comfy-tenant.yaml:5:5 endpoints[0].auth: endpoint studio has no users yet: everyone gets 401',
  ]);
});

test('two users with one hash are warned of', () => {
  expect(warningsOf(`${BASIC}        - { username: bob, password: "${BCRYPT}" }\n`)).toEqual([
    'comfy-tenant.yaml:9:38 endpoints[0].auth.users[1].password: is the very hash of users[0]: give each user a password of their own',
  ]);
});

test('a key for encryption beside one for signatures is left out with a warning', () => {
  const keys = `{ keys: [${EC}, ${EC.replace('{', '{"kid":"e","use":"enc",')}] }`;
  expect(warningsOf(spoil(JWT, '{ url: https://login.example.com/jwks.json }', keys))).toEqual([
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[1] is not for signatures (use, key_ops): left out',
  ]);
});

test('listeners that others can reach are warned of', () => {
  const text = `${BASIC}gateway: { listen: 0.0.0.0:8080 }\nservice: { listen: 0.0.0.0:9001, address: authz.internal:9001 }\nadmin: { listen: "[::]:9002" }\n`;
  expect(warningsOf(text)).toEqual([
    'comfy-tenant.yaml:9:20 gateway.listen: is open to other machines without TLS: passwords and tokens cross the network readable; set gateway.tls, or end TLS in front',
    'comfy-tenant.yaml:10:20 service.listen: is open to other machines, and whoever connects sees what Envoy would: use unix:, loopback, a network that only Envoy is in, or tls with clientCaFile',
    'comfy-tenant.yaml:11:18 admin.listen: is open to other machines: metrics and state have no password; let only your monitoring reach it',
  ]);
});

test.each(['authz.internal:9001', '10.0.0.5:9001', '[::1]:9001', 'localhost:1'])(
  'Envoy may connect to %s, wherever the service listens',
  (address) => {
    const loaded = directory.load(`${BASIC}service: { listen: "[::]:9001", address: "${address}" }\n`);
    expect(loaded).toMatchObject({ ok: true, config: { service: { listen: '[::]:9001', address } } });
  },
);

test('paths are absolute, durations milliseconds, one upstream a list', () => {
  directory.write('users.htpasswd', `alice:${BCRYPT}\n`);
  const loaded = directory.load(`${FILE}service: { rememberFor: 90s }\n`);
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const { config } = loaded;
  expect(config.file).toBe(join(directory.path, 'comfy-tenant.yaml'));
  expect(config.comfyui).toEqual({
    tokenKeyFile: join(directory.path, '.comfy-tenant/token.key'),
    verifyKeyFile: join(directory.path, '.comfy-tenant/verify.key'),
  });
  expect(config.service).toMatchObject({
    listen: `unix:${join(directory.path, 'run/authz.sock')}`,
    rememberFor: 90_000,
  });
  expect(config.endpoints[0]).toMatchObject({
    domains: ['*'],
    upstream: ['http://127.0.0.1:8188'],
    auth: { usersFile: join(directory.path, 'users.htpasswd') },
  });
});

test('the revision changes with the users file and with the configuration, and with nothing else', () => {
  const revision = (text: string): string => {
    const loaded = directory.load(text);
    return loaded.ok ? loaded.revision : '';
  };
  directory.write('users.htpasswd', `alice:${BCRYPT}\n`);
  const first = revision(FILE);
  expect(first).toMatch(/^[0-9a-f]{12}$/);
  expect(revision(`# a comment\n${FILE}`)).toBe(first);
  expect(revision(spoil(FILE, '8188', '8189'))).not.toBe(first);
  directory.write('users.htpasswd', `alice:${BCRYPT}\nbob:${BCRYPT}\n`);
  expect(revision(FILE)).not.toBe(first);
});

test('loading a users file takes time in proportion to its length, up to 100,000 users', () => {
  const texts = new Map(
    [10_000, 100_000].map((users) => [
      users,
      Array.from({ length: users }, (_, index) => `user${index}:${BCRYPT}\n`).join(''),
    ]),
  );
  const growth = growthOf((users) => {
    directory.write('users.htpasswd', texts.get(users)!);
    expect(directory.load(FILE)).toMatchObject({ ok: true, warnings: [] });
  });
  expect(growth).toBeLessThan(LINEAR);
});

test('a list of upstreams is good, and its lack of failover is a warning', () => {
  const list = spoil(BASIC, 'http://127.0.0.1:8188', '[http://127.0.0.1:8188, http://127.0.0.1:8189]');
  expect(warningsOf(list)).toEqual([
    expect.stringMatching(/endpoints\[0\]\.upstream: a list has no failover of live sessions/),
  ]);
});
