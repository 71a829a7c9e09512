import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { growthOf, LINEAR } from '../support/cpu-time.ts';
import { BASIC, BCRYPT, configDirectory, faultsOf, JWT, spoil } from './config-file.ts';
import { parseListenAddress } from '../../src/http/host-port.ts';

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

test('a user list and an issuer may share one ComfyUI with sameUsers', () => {
  const text = JWT.replace('name: api', 'name: api\n    domains: [api.example.com]') + SECOND;
  expect(warningsOf(`sameUsers: true\n${text}`)).toEqual([]);
});

test('a user list and an issuer may share one ComfyUI with a prefix for one of them', () => {
  const text = JWT.replace('name: api', 'name: api\n    domains: [api.example.com]') + SECOND;
  expect(warningsOf(text.replace('audience:', 'userIdPrefix: corp\n          audience:'))).toEqual([]);
});

test('one issuer at two domains of one ComfyUI is one source', () => {
  const other = spoil(JWT, 'endpoints:\n', '').replace('name: api', 'name: b\n    domains: [b.example.com]');
  expect(warningsOf(JWT + other)).toEqual([]);
});

test('multiTenant may be false with or without the entry for the isolation id', () => {
  expect(warningsOf(spoil(JWT, 'multiTenant: true', 'multiTenant: false'))).toEqual([]);
  const none = JWT.slice(0, JWT.indexOf('      claimTransformations'));
  expect(warningsOf(spoil(none, 'multiTenant: true', 'multiTenant: false'))).toEqual([]);
});

test('an endpoint without user ids in front of a multi-tenant ComfyUI gives a warning', () => {
  const open = SECOND.replace('name: studio', 'name: open\n    domains: [b.example.com]');
  expect(warningsOf(BASIC + spoil(open, 'multiTenant: true', 'multiTenant: false'))).toEqual([
    'comfy-tenant.yaml:12:18 endpoints[1].multiTenant: is false, but endpoint studio uses 127.0.0.1:8188 in multi-tenant mode: its plugin rejects requests without a user id',
  ]);
});

test('hashes from htpasswd are accepted in a file, weak ones with a warning', () => {
  directory.write(
    'users.htpasswd',
    `# made by htpasswd\n\nalice:${BCRYPT}\nbob:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00\ncarol:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n`,
  );
  expect(warningsOf(FILE)).toEqual([
    'users.htpasswd:4: the password of bob is an MD5 hash (apr1), which is quick to brute-force; create one with `comfy-tenant hash`',
    'users.htpasswd:5: the password of carol is an unsalted SHA-1 hash, which is quick to brute-force; create one with `comfy-tenant hash`',
  ]);
});

test('a users file without users gives a warning', () => {
  directory.write('users.htpasswd', '# no users yet\n');
  expect(warningsOf(FILE)).toEqual([
    'comfy-tenant.yaml:5:5 endpoints[0].auth: endpoint studio has no users yet: everyone gets 401',
  ]);
});

test('two users with the same hash give a warning', () => {
  expect(warningsOf(`${BASIC}        - { username: bob, password: "${BCRYPT}" }\n`)).toEqual([
    'comfy-tenant.yaml:9:38 endpoints[0].auth.users[1].password: duplicates the hash of users[0]: every user needs a different password',
  ]);
});

test('an encryption key next to a signature key is ignored with a warning', () => {
  const keys = `{ keys: [${EC}, ${EC.replace('{', '{"kid":"e","use":"enc",')}] }`;
  expect(warningsOf(spoil(JWT, '{ url: https://login.example.com/jwks.json }', keys))).toEqual([
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[1] is not for signatures (use, key_ops): left out',
  ]);
});

test('listeners reachable from other machines give warnings', () => {
  const text = `${BASIC}gateway: { listen: 0.0.0.0:8080 }\nservice: { listen: 0.0.0.0:9001, address: authz.internal:9001 }\nadmin: { listen: "[::]:9002" }\n`;
  expect(warningsOf(text)).toEqual([
    'comfy-tenant.yaml:9:20 gateway.listen: is reachable from other machines without TLS: passwords and tokens are sent in plain text; set gateway.tls, or terminate TLS in front',
    'comfy-tenant.yaml:10:20 service.listen: is reachable from other machines, and anyone who connects gets the same answers as Envoy: use unix:, loopback, a network that only Envoy is in, or tls with clientCaFile',
    'comfy-tenant.yaml:11:18 admin.listen: is reachable from other machines without authentication: allow only your monitoring to connect',
  ]);
});

test.each(['authz.internal:9001', '10.0.0.5:9001', '[::1]:9001', 'localhost:1'])(
  'Envoy may connect to %s, wherever the service listens',
  (address) => {
    const loaded = directory.load(`${BASIC}service: { listen: "[::]:9001", address: "${address}" }\n`);
    expect(loaded).toMatchObject({
      ok: true,
      config: { service: { listen: { host: '::', port: 9001 }, address: parseListenAddress(address) } },
    });
  },
);

test('paths become absolute, durations milliseconds, one upstream a list', () => {
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
    listen: { path: join(directory.path, 'run/authz.sock') },
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

test('a list of upstreams is valid, with a warning about failover', () => {
  const list = spoil(BASIC, 'http://127.0.0.1:8188', '[http://127.0.0.1:8188, http://127.0.0.1:8189]');
  expect(warningsOf(list)).toEqual([
    expect.stringMatching(/endpoints\[0\]\.upstream: a list has no failover of live sessions/),
  ]);
});
