import { hashSync } from '@node-rs/bcrypt';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { aGuard } from '../support/guard.ts';
import { basic } from '../support/requests.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { aKey, aToken, AUDIENCE, ISSUER } from '../support/tokens.ts';

const RULES = `
    rules:
      - { allow: POST /free, to: { operators: true } }
      - { name: no cleaning, deny: POST /free }
      - { deny: /upload/*, to: { users: [alice] } }
`;
const TULIP = hashSync('tulip', 4);
const LIST = `
endpoints:
  - name: list
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: BASIC
      users: [{ username: alice, password: "${TULIP}" }, { username: carol, password: "${TULIP.slice(0, -1)}." }]
      operators: { users: [carol] }
`;
const alice = [['authorization', basic('alice', 'tulip')]] as const;

let key: Awaited<ReturnType<typeof aKey>>;
let tokens: string;
beforeAll(async () => {
  key = await aKey('ES256');
  tokens = `
endpoints:
  - name: api
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks: { keys: [${JSON.stringify(key.jwk)}] } }]
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
      operators: { claim: { name: groups, value: admins } }
    rules:
      - { allow: /*, to: { claim: { name: groups, value: artists } } }
      - { allow: /*, to: { operators: true } }
      - { deny: /*, why: Artists only. }
`;
});
let guard: ReturnType<typeof aGuard>;
afterEach(() => {
  guard.close();
});

test('a password: the rules for everyone and for this user, at the first request and when it is cached', async () => {
  guard = aGuard(LIST + RULES);
  for (let times = 0; times < 3; times++) {
    expect(await guard.authorize(alice, { method: 'POST', path: '/api/free' })).toEqual({
      refused: 'rule-denied',
      status: 403,
    });
    expect(await guard.authorize(alice, { path: '/upload/%69mage' })).toMatchObject({ status: 403 });
    expect(await guard.authorize(alice, { path: '/upload%2fimage' })).toMatchObject({ status: 400 });
    expect(await guard.authorize(alice, { path: '/queue' })).toEqual({ user: 'alice' });
  }
});

test('a wrong password is refused as such, whatever the rules: they reveal nothing', async () => {
  guard = aGuard(LIST + RULES);
  const wrong = [['authorization', basic('alice', 'rose')]] as const;
  expect(await guard.authorize(wrong, { method: 'POST', path: '/free' })).toEqual({
    refused: 'password-wrong',
    status: 401,
  });
});

test('changed rules hold from the next request on, also for users whose identity was cached', async () => {
  guard = aGuard(LIST);
  const free = { method: 'POST', path: '/free' };
  expect(await guard.authorize(alice, free)).toEqual({ user: 'alice' });
  const directory = aDirectory();
  guard.replace(load(directory.write('comfy-tenant.yaml', LIST + RULES)).config);
  expect(await guard.authorize(alice, free)).toMatchObject({ refused: 'rule-denied' });
  guard.replace(load(directory.write('comfy-tenant.yaml', LIST)).config);
  expect(await guard.authorize(alice, free)).toEqual({ user: 'alice' });
  directory.remove();
});

test.each([
  [{ groups: 'artists' }, true],
  [{ groups: ['x', 'artists'] }, true],
  [{ groups: ['admins'] }, true],
  [{}, false],
  [{ groups: 'artists,x' }, false],
  [{ groups: [['artists']] }, false],
  [{ groups: { 0: 'artists' } }, false],
  [{ groups: 'Artists' }, false],
  [{ Groups: 'artists' }, false],
])('a token with %j is let in: %s', async (claims, expected) => {
  guard = aGuard(tokens);
  const token = await aToken(key, { sub: 'zoe', ...claims });
  const verdict = await guard.authorize([['authorization', `Bearer ${token}`]]);
  expect(verdict).toEqual(expected ? { user: 'zoe' } : { refused: 'rule-denied', status: 403 });
});
