import { afterAll, expect, test } from 'vitest';
import { BCRYPT, configDirectory } from '../../test/config/config-file.ts';
import { run } from '../../test/config/run-command.ts';
import { explain } from './explain.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});
directory.write(
  'comfy-tenant.yaml',
  `sameUsers: true
endpoints:
  - name: studio
    domains: [studio.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: BASIC
      userIdPrefix: corp
      users:
        - { username: alice, password: "${BCRYPT}" }
        - { username: bob, password: "${BCRYPT.replace('A', 'B')}" }
      operators: { users: [corp~bob] }
    publicPaths: [{ path: /public/* }]
    rules:
      - { allow: POST /free, to: { operators: true } }
      - { name: only operators clean, deny: POST /free, why: "Ask Bob." }
      - { deny: /upload/*, to: { users: [corp~alice] } }
  - name: api
    domains: [api.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: https://login.example.com, audience: comfyui, jwks: { discover: true } }]
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
      operators: { claim: { name: groups, value: admins } }
    rules:
      - { allow: /*, to: { claim: { name: groups, value: artists } } }
      - { deny: /* }
`,
);
const ask = (...args: string[]) => run(explain, { cwd: directory.path, args });
const studio = (...args: string[]) => ask('--endpoint', 'studio', '--as', ...args);
const api = (...args: string[]) => ask('--endpoint', 'api', '--as', ...args);

test('a denied request: which rule, what the user sees, and code 1', async () => {
  expect(await studio('alice', 'POST', '/api/free')).toEqual({
    code: 1,
    out: [
      'denied: POST /api/free as alice at endpoint studio, because rule 2 (only operators clean) denies it.',
      '  the user sees: Ask Bob.',
      '  user id corp~alice, BASIC, not an operator',
      '  other rules that concern this user: 3',
    ],
    err: [],
  });
});

test('an allowed request: why, and code 0', async () => {
  expect(await studio('bob', 'post /free')).toEqual({
    code: 0,
    out: [
      'allowed: POST /free as bob at endpoint studio, because rule 1 allows it.',
      '  user id corp~bob, BASIC, an operator',
      '  other rules that concern this user: 2',
    ],
    err: [],
  });
});

test.each([
  [['alice', 'GET', '/queue'], 0, 'none of the rules that concern this user matches'],
  [['corp~alice', 'PUT', '/upload/x?y=1'], 1, 'rule 3 denies it'],
  [['alice', 'GET', '/public/x'], 0, 'the path is public'],
  [['mallory', 'GET', '/public/x'], 0, 'the path is public'],
  [
    ['mallory', 'GET', '/queue'],
    1,
    'the user list has no such user, who gets 401 (the rules alone: allowed, because',
  ],
  [['alice', 'GET', '/%2571ueue'], 1, 'the path can be read in several ways'],
])('%j: code %i, %s', async (args, code, because) => {
  const ran = await studio(...args);
  expect(ran.code).toBe(code);
  expect(ran.out[0]).toContain(because);
});

test('claims of a token', async () => {
  expect((await api('zoe', 'GET', '/')).code).toBe(1);
  expect((await api('zoe', '--claim', 'groups=artists', 'GET', '/')).code).toBe(0);
  const both = await api('zoe', '--claim', 'groups=x', '--claim', 'groups=artists', '--json', 'GET', '/');
  expect(both.code).toBe(0);
  expect(JSON.parse(both.out[0] ?? '')).toEqual({
    endpoint: 'api',
    allowed: true,
    userId: 'zoe',
    operator: false,
    rule: { number: 1, name: '1', allow: true, text: 'rule 1' },
    concerning: [1, 2],
    because: 'rule 1 allows it',
  });
  expect((await api('zoe', '--claim', 'groups=admins', 'GET', '/')).out[1]).toContain('an operator');
});

test.each([
  [['GET', '/'], 64, 'expected --as <user>'],
  [['--as', 'alice', '/queue'], 64, 'expected a method and a path'],
  [['--as', 'alice', 'GET', 'queue'], 64, 'expected a method and a path'],
  [['--as', 'alice', 'GET', '/'], 78, 'several endpoints: choose one with --endpoint studio|api'],
  [['--as', 'alice', '--endpoint', 'studoi', 'GET', '/'], 78, 'no endpoint studoi: did you mean studio?'],
  [['--as', 'alice', '--endpoint', 'api', '--claim', 'groups', 'GET', '/'], 64, 'must be name=value'],
  [
    ['--as', 'alice', '--endpoint', 'studio', '--claim', 'a=b', 'GET', '/'],
    64,
    'have no claims: omit --claim',
  ],
])('%j: code %i, %s', async (args, code, message) => {
  const ran = await ask(...args);
  expect(ran.code).toBe(code);
  expect(ran.err.join('\n')).toContain(message);
});

test('an invalid configuration is reported as by check', async () => {
  directory.write('broken.yaml', 'endpoints: none\n');
  const ran = await ask('-c', 'broken.yaml', '--as', 'alice', 'GET', '/');
  expect(ran.code).toBe(78);
  expect(ran.err[0]).toMatch(/^broken\.yaml:1:12 endpoints: must be a list/);
});
