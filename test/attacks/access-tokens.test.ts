import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createToken, removeTokens, type NewToken } from '../../src/access-token/edit-access-tokens.ts';
import { makeTokenText } from '../../src/access-token/token-text.ts';
import type { UserId } from '../../src/auth/user-id.ts';
import { aGuard } from '../support/guard.ts';

const DAY = 86_400_000;
const hash = (letter: string): string => `$2b$04$${letter.repeat(22)}${'A'.repeat(31)}`;
const studio = (users: readonly string[], more = ''): string => `
  - { name: studio, domains: [studio.example], upstream: "http://127.0.0.1:1", multiTenant: true, auth: { method: BASIC, users: [${users
    .map((name, at) => `{ username: ${name}, password: "${hash('abcdef'[at] ?? 'z')}" }`)
    .join(', ')}] ${more} } }`;
const api = (more = ''): string => `
  - { name: api, domains: [api.example], upstream: "http://127.0.0.1:2", multiTenant: true, auth: { method: JWT, issuers: [{ issuer: "https://i.example", audience: c, jwks: { keys: [{ kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }] } }], claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }, { location: HEADER, name: X-Team, claim: team }] ${more} } }`;
const CONFIG = `endpoints:${studio(['alice', 'bob'])}${api(', operators: { claim: { name: groups, value: admins } }')}\n`;

let guard: ReturnType<typeof aGuard>;
afterEach(() => {
  guard.close();
});

async function aToken(wanted: Partial<NewToken> = {}): Promise<string> {
  const owner = { endpoint: 'studio', user: 'alice', userId: 'alice' as UserId };
  const environment = { change: guard.accessTokens.change, now: guard.now, randomBytes };
  const result = await createToken({ ...owner, name: 'script', lifetimeMs: DAY, ...wanted }, environment);
  if (result.kind === 'refused') throw new Error(result.fault);
  return result.text;
}

const ofCarol = {
  endpoint: 'api',
  user: 'carol',
  userId: 'carol' as UserId,
  claims: { iss: 'https://i.example', sub: 'carol', team: 'red', groups: ['admins'] },
};

const bearer = (token: string) => [['authorization', `Bearer ${token}`]] as const;
const basic = (user: string, token: string) =>
  [['authorization', `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`]] as const;
const STUDIO = { host: 'studio.example' };
const API = { host: 'api.example' };

test('a token is its user, as Bearer and as the password, at both methods', async () => {
  guard = aGuard(CONFIG);
  const token = await aToken();
  const ofApi = await aToken(ofCarol);
  expect(await guard.authorize(bearer(token), STUDIO)).toEqual({ user: 'alice' });
  expect(await guard.authorize(basic('alice', token), STUDIO)).toEqual({ user: 'alice' });
  expect(await guard.authorize(bearer(ofApi), API)).toEqual({ user: 'carol' });
  expect(await guard.authorize(basic('carol', ofApi), API)).toEqual({ user: 'carol' });
});

test('with claims, and the rights of an operator, of the user', async () => {
  guard = aGuard(CONFIG);
  const token = await aToken(ofCarol);
  const { headers } = await guard.ask(bearer(token), API);
  expect(headers).toMatchObject({ 'x-team': 'red' });
});

test.each<[string, (token: string) => readonly (readonly [string, string])[], object, string]>([
  ["another user's name", (token) => basic('bob', token), STUDIO, 'access-token-of-other-user'],
  ['no name', (token) => basic('', token), STUDIO, 'credentials-malformed'],
  ['another endpoint', (token) => bearer(token), API, 'access-token-unknown'],
  ['another endpoint, as a password', (token) => basic('alice', token), API, 'access-token-unknown'],
  [
    'a changed character',
    (token) => bearer(token.slice(0, -1) + (token.endsWith('-') ? '_' : '-')),
    STUDIO,
    'token-malformed',
  ],
  ['a second token', (token) => bearer(`${token}, Bearer ${token}`), STUDIO, 'token-malformed'],
  ['two headers', (token) => [...bearer(token), ...bearer(token)], STUDIO, 'credentials-ambiguous'],
  ['an unknown token', () => bearer(makeTokenText(randomBytes)), STUDIO, 'access-token-unknown'],
])('refused: %s', async (_, headers, where, reason) => {
  guard = aGuard(CONFIG);
  const token = await aToken();
  expect(await guard.authorize(headers(token), where)).toEqual({ refused: reason, status: 401 });
});

test('it ends when it expires, is revoked, or everything of its user is revoked', async () => {
  guard = aGuard(CONFIG);
  const [first, second, third] = [
    await aToken(),
    await aToken({ name: 'two' }),
    await aToken({ name: 'three', lifetimeMs: 2 * DAY }),
  ];
  for (const token of [first, second, third])
    expect(await guard.authorize(bearer(token), STUDIO)).toEqual({ user: 'alice' });
  await removeTokens(guard.accessTokens.change, ({ name }) => name === 'script');
  expect(await guard.authorize(bearer(first), STUDIO)).toMatchObject({ refused: 'access-token-unknown' });
  guard.later(DAY);
  expect(await guard.authorize(bearer(second), STUDIO)).toMatchObject({ refused: 'access-token-expired' });
  const untilMs = guard.now() + DAY;
  await guard.revocations.revoke({ userId: 'alice' as UserId, issuedBeforeMs: guard.now(), untilMs });
  expect(await guard.authorize(bearer(third), STUDIO)).toMatchObject({ refused: 'session-revoked' });
});

test('it ends when its user is removed', async () => {
  guard = aGuard(CONFIG);
  const token = await aToken();
  expect(await guard.authorize(bearer(token), STUDIO)).toEqual({ user: 'alice' });
  guard.replace(guard.load(`endpoints:${studio(['bob'])}\n`));
  expect(await guard.authorize(bearer(token), STUDIO)).toMatchObject({ refused: 'user-unknown' });
});

test('it is of no use when the user would now have another id, or the issuer is gone', async () => {
  guard = aGuard(CONFIG);
  const [one, two] = [await aToken(), await aToken(ofCarol)];
  guard.replace(
    guard.load(
      `endpoints:${studio(['alice'], ', userIdPrefix: corp')}${api().replace('i.example"', 'j.example"')}\n`,
    ),
  );
  expect(await guard.authorize(bearer(one), STUDIO)).toMatchObject({ refused: 'user-id-unusable' });
  expect(await guard.authorize(bearer(two), API)).toMatchObject({ refused: 'issuer-unknown' });
});

test('while a file cannot be read, tokens get 503', async () => {
  guard = aGuard(CONFIG);
  const token = await aToken();
  for (const file of [guard.accessTokens, guard.revocations]) {
    file.problem = 'broken';
    const { code, status } = await guard.ask(bearer(token), STUDIO);
    expect([code === 0, status]).toEqual([false, 503]);
    file.problem = undefined;
  }
  expect(await guard.authorize(bearer(token), STUDIO)).toEqual({ user: 'alice' });
});

test.each<[string, () => readonly (readonly [string, string])[]]>([
  ['Bearer', () => bearer(makeTokenText(randomBytes))],
  ['mistyped', () => bearer(`ct_${randomBytes(20).toString('hex')}`)],
  ['Basic', () => basic('alice', makeTokenText(randomBytes))],
])('guessing is throttled like passwords: %s', async (_, guess) => {
  guard = aGuard(CONFIG);
  const statuses: number[] = [];
  for (let at = 0; at < 40; at += 1) {
    const verdict = await guard.authorize(guess(), STUDIO);
    if ('status' in verdict) statuses.push(verdict.status);
  }
  expect(statuses[0]).toBe(401);
  expect(statuses.at(-1)).toBe(429);
});

test('each use is noted, also one that the cache decides', async () => {
  guard = aGuard(CONFIG);
  const token = await aToken();
  for (let at = 0; at < 3; at += 1) await guard.authorize(bearer(token), STUDIO);
  expect(guard.accessTokens.uses).toEqual(Array.from({ length: 3 }, () => guard.accessTokens.all[0]?.id));
});

test('the token itself is stored nowhere', async () => {
  guard = aGuard(CONFIG);
  const token = await aToken();
  expect(JSON.stringify(guard.accessTokens.all)).not.toContain(token.slice(3, 20));
});
