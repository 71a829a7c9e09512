import { hashSync } from '@node-rs/bcrypt';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { watchConfig } from '../../src/config/watch.ts';
import { aDirectory } from '../support/temp-dir.ts';
import { aGuard, type Verdict } from '../support/guard.ts';
import { basic } from '../support/requests.ts';
import { aKey, aToken, AUDIENCE, ISSUER, type SigningKey } from '../support/tokens.ts';

// A change of the files on the disk, and what becomes of checks: everything between, without the network.
const CONFIG = `
sameUsers: true
endpoints:
  - name: studio
    domains: [studio.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, usersFile: files/users.htpasswd }
  - name: api
    domains: [api.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks: { file: files/jwks.json } }]
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
`;
const ALICE = `alice:${hashSync('tulip', 4)}\n`;
const BOB = `bob:${hashSync('cedar', 4)}\n`;
let first: SigningKey;
let second: SigningKey;
let tokens: { first: string; second: string };
beforeAll(async () => {
  first = await aKey('ES256', 'first');
  second = await aKey('ES256', 'second');
  tokens = { first: await aToken(first), second: await aToken(second) };
});

let directory: ReturnType<typeof aDirectory>;
let guard: ReturnType<typeof aGuard>;
let ending: AbortController;
let watching: Promise<void>;
let refused: string[][];

/** A state of the mounted files, as Kubernetes lays it out: a directory of its own behind two links. */
function mount(name: string, users: string, keys: readonly SigningKey[]): void {
  const state = join(directory.path, 'files', `..${name}`);
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'users.htpasswd'), users);
  writeFileSync(join(state, 'jwks.json'), JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  symlinkSync(`..${name}`, join(directory.path, 'files', '..data_tmp'));
  renameSync(join(directory.path, 'files', '..data_tmp'), join(directory.path, 'files', '..data'));
}

beforeEach(() => {
  directory = aDirectory();
  mount('one', ALICE + BOB, [first]);
  for (const name of ['users.htpasswd', 'jwks.json'])
    symlinkSync(`..data/${name}`, join(directory.path, 'files', name));
  const file = directory.write('comfy-tenant.yaml', CONFIG);
  guard = aGuard(file);
  ending = new AbortController();
  refused = [];
  watching = watchConfig({
    file,
    env: {},
    revision: guard.revision,
    signal: ending.signal,
    onChange(loaded) {
      if (loaded.ok) guard.replace(loaded.config);
      else refused.push([...loaded.faults]);
    },
  });
});
afterEach(async () => {
  ending.abort();
  await watching;
  guard.close();
  directory.remove();
});

const studio = (name: string, password: string) =>
  guard.authorize([['authorization', basic(name, password)]], { host: 'studio.example.com' });
const api = (token: string) =>
  guard.authorize([['authorization', `Bearer ${token}`]], { host: 'api.example.com' });
const within = (holds: () => Promise<Verdict>) => expect.poll(holds, { interval: 20 });

test('a removed user and a removed key no longer work, cached or not', async () => {
  for (let times = 0; times < 2; times++) {
    expect(await studio('bob', 'cedar')).toEqual({ user: 'bob' });
    expect(await api(tokens.first)).toEqual({ user: 'alice' });
    expect(await api(tokens.second)).toMatchObject({ refused: 'key-unknown' });
  }
  mount('two', ALICE, [second]);
  await within(() => studio('bob', 'cedar')).toEqual({ refused: 'user-unknown', status: 401 });
  expect(await api(tokens.first)).toEqual({ refused: 'key-unknown', status: 401 });
  expect(await api(tokens.second)).toEqual({ user: 'alice' });
  expect(await studio('alice', 'tulip')).toEqual({ user: 'alice' });
});

test('a new password replaces the cached one', async () => {
  expect(await studio('alice', 'tulip')).toEqual({ user: 'alice' });
  mount('two', ALICE.replace(/:.*/, `:${hashSync('maple', 4)}`), [first]);
  await within(() => studio('alice', 'tulip')).toEqual({ refused: 'password-wrong', status: 401 });
  expect(await studio('alice', 'maple')).toEqual({ user: 'alice' });
});

test.each([
  ['half a users file', 'files/users.htpasswd', (ALICE + BOB).slice(0, ALICE.length + 20)],
  ['a users file without hashes', 'files/users.htpasswd', 'mallory:secret'],
  ['half a JWKS', 'files/jwks.json', '{"keys":[{"kty":"EC","kid":"fi'],
  ['a JWKS without keys', 'files/jwks.json', '{"keys":[]}'],
  ['a JWKS with a weak key', 'files/jwks.json', '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}'],
  ['half a configuration', 'comfy-tenant.yaml', CONFIG.slice(0, 240)],
  ['no users file', 'files/users.htpasswd', undefined],
  ['no files at all', 'files/..data', undefined],
  ['no configuration', 'comfy-tenant.yaml', undefined],
])('%s changes nothing but is reported', async (_, name, text) => {
  if (text === undefined) rmSync(join(directory.path, name));
  else directory.write(name, text);
  await expect.poll(() => refused.length, { interval: 20 }).toBe(1);
  expect(await studio('bob', 'cedar')).toEqual({ user: 'bob' });
  expect(await studio('mallory', 'secret')).toMatchObject({ refused: 'user-unknown' });
  expect(await api(tokens.first)).toEqual({ user: 'alice' });
});

const [REMOVED, KNOWN] = ['{"refused":"user-unknown","status":401}', '{"user":"bob"}'];

test('during constant changes every check uses one whole configuration', async () => {
  const changes = new AbortController();
  const seen: string[] = [];
  const asking = (async () => {
    while (!changes.signal.aborted) {
      const [alice, bob] = await Promise.all([studio('alice', 'tulip'), studio('bob', 'cedar')]);
      expect(alice).toEqual({ user: 'alice' });
      seen.push(JSON.stringify(bob));
      await sleep(1);
    }
  })();
  const changing = (async () => {
    for (let count = 0; count < 4; count++) {
      const [users, verdict] = count % 2 === 0 ? [ALICE, REMOVED] : [ALICE + BOB, KNOWN];
      mount(`state-${count}`, users, [first]);
      await expect.poll(() => seen.at(-1), { interval: 20 }).toBe(verdict);
    }
    changes.abort();
  })();
  await Promise.all([asking, changing]);
  expect([...new Set(seen)].toSorted()).toEqual([REMOVED, KNOWN]);
});

test('a validated configuration is served, even if its files change before it is built', async () => {
  mount('two', ALICE, [second]);
  const loaded = loadConfig(join(directory.path, 'comfy-tenant.yaml'), {});
  for (const name of ['users.htpasswd', 'jwks.json']) directory.write(`files/${name}`, '');
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  guard.replace(loaded.config);
  expect(await studio('alice', 'tulip')).toEqual({ user: 'alice' });
  expect(await api(tokens.second)).toEqual({ user: 'alice' });
});

test('a change of the rules that fails a test is refused; removing a user whom rules and tests name is not', async () => {
  const rules = (what: string) =>
    CONFIG.replace(
      'usersFile: files/users.htpasswd }\n',
      `usersFile: files/users.htpasswd }
    rules: [{ deny: ${what}, to: { users: [bob] } }]
    tests: [{ as: bob, request: GET /queue, expect: deny }]\n`,
    );
  directory.write('comfy-tenant.yaml', rules('/queue'));
  await within(() => studio('bob', 'cedar')).toEqual({ refused: 'rule-denied', status: 403 });
  directory.write('comfy-tenant.yaml', rules('/free'));
  await expect
    .poll(() => refused.flat(), { timeout: 5000 })
    .toEqual([
      expect.stringMatching(
        /tests\[0\]: GET \/queue as bob must be denied, but is allowed, because none of the rules/,
      ),
    ]);
  expect(await studio('bob', 'cedar')).toMatchObject({ refused: 'rule-denied' });
  directory.write('comfy-tenant.yaml', rules('/queue'));
  mount('two', ALICE, [first]);
  await within(() => studio('bob', 'cedar')).toEqual({ refused: 'user-unknown', status: 401 });
  expect(await studio('alice', 'tulip')).toEqual({ user: 'alice' });
});
