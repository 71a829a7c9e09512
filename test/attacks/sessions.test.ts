import { hashSync } from '@node-rs/bcrypt';
import { decodeJwt, SignJWT } from 'jose';
import { beforeEach, expect, test } from 'vitest';
import type { HeaderField } from '../../src/http/request-head.ts';
import type { UserId } from '../../src/auth/user-id.ts';
import { makeSessionKey } from '../../src/session/session-keys.ts';
import { newSession, type Session } from '../../src/session/session.ts';
import { aGuard } from '../support/guard.ts';
import { basic } from '../support/requests.ts';
import { load, aDirectory } from '../support/temp-dir.ts';

const HASHES = { alice: hashSync('tulip', 4), bob: hashSync('cedar', 4) };
const users = (hashes: Readonly<Record<string, string>>): string =>
  Object.entries(hashes)
    .map(([name, hash]) => `{ username: ${name}, password: "${hash}" }`)
    .join(', ');
const config = (hashes: Readonly<Record<string, string>> = HASHES, more = ''): string => `
endpoints:
  - name: studio
    domains: [studio.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${users(hashes)}] }
  - name: other
    domains: [other.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${users(HASHES)}] }
sameUsers: true
session: { ttl: 8h, maxAge: 7d }
${more}`;

const HOUR = 3_600_000;
const HTTPS: HeaderField = ['x-forwarded-proto', 'https'];
let guard: ReturnType<typeof aGuard>;
beforeEach(() => {
  guard = aGuard(config());
});

function aSession(user = 'alice', changes: Partial<Session> = {}): Session {
  const { source, limits } = guard.portalEndpoint('studio')!;
  const known = { endpoint: 'studio', method: 'BASIC', user, ...source.contentOf({ user }) } as const;
  return { ...newSession(known, limits, guard.now()), ...changes };
}

const sealed = async (session = aSession(), isSecure = false): Promise<string> =>
  (await guard.sessions.seal(session, isSecure)).replace(/;.*/, '');
const verdict = (cookie: string, host = 'studio.example.com', ...more: HeaderField[]) =>
  guard.authorize([['cookie', cookie], ...more], { host });

test('a session is its user, and nobody else', async () => {
  expect(await verdict(await sealed())).toEqual({ user: 'alice' });
  expect(await verdict(await sealed(aSession('bob')))).toEqual({ user: 'bob' });
});

test("another endpoint's cookie is rejected", async () => {
  expect(await verdict(await sealed(), 'other.example.com')).toMatchObject({ refused: 'session-invalid' });
});

test('two cookies are ambiguous, also in two lines and with equal values', async () => {
  const [one, other] = [await sealed(), await sealed(aSession('bob'))];
  for (const cookie of [
    `${one}; ${other}`,
    `${other}; a=b; ${one}`,
    `${one}; ${one}`,
    `${one}; comfy_session=`,
  ])
    expect(await verdict(cookie)).toMatchObject({ refused: 'credentials-ambiguous' });
  expect(await verdict(one, 'studio.example.com', ['cookie', other])).toMatchObject({
    refused: 'credentials-ambiguous',
  });
});

test('on https only the protected name counts, on http only the other', async () => {
  const [plain, secure] = [await sealed(), await sealed(aSession('bob'), true)];
  expect(secure).toMatch(/^__Host-comfy_session=/);
  expect(await verdict(`${plain}; ${secure}`, 'studio.example.com', HTTPS)).toEqual({ user: 'bob' });
  expect(await verdict(plain, 'studio.example.com', HTTPS)).toMatchObject({ refused: 'credentials-missing' });
  expect(await verdict(secure)).toMatchObject({ refused: 'credentials-missing' });
  expect(await guard.sessions.seal(aSession(), true)).toMatch(
    /; Path=\/; Max-Age=[0-9]+; HttpOnly; SameSite=Lax; Secure$/,
  );
});

test('a changed character anywhere makes it invalid', async () => {
  const cookie = await sealed();
  const start = 'comfy_session='.length;
  for (let at = start; at < cookie.length; at += 7) {
    const other = cookie[at] === 'A' ? 'B' : 'A';
    const result = await verdict(cookie.slice(0, at) + other + cookie.slice(at + 1));
    expect(result).not.toHaveProperty('user');
  }
});

async function forged(
  header: object,
  secret: Uint8Array = guard.keys()[0].secret,
  claims: object = {},
): Promise<string> {
  const genuine = decodeJwt((await sealed()).slice('comfy_session='.length));
  const token = await new SignJWT({ ...genuine, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'comfy-session+jwt', kid: guard.keys()[0].kid, ...header })
    .sign(secret);
  return `comfy_session=${token}`;
}

test('the counterfeit of this test is right but for what each case spoils', async () => {
  expect(await verdict(await forged({}))).toEqual({ user: 'alice' });
});

test.each([
  ['another algorithm', { alg: 'HS512' }, {}],
  ['another type', { typ: 'JWT' }, {}],
  ['an unknown key', { kid: 'x' }, {}],
  ['no key id', { kid: undefined }, {}],
  ['another audience', {}, { aud: 'other' }],
  ['both audiences', {}, { aud: undefined }],
  ['another issuer', {}, { iss: 'x' }],
  ['no user', {}, { sub: undefined }],
  ['no end', {}, { exp: undefined }],
  ['another method', {}, { method: 'JWT' }],
  ['no tag', {}, { tag: undefined }],
  ["another user's tag", {}, { sub: 'bob' }],
  ['an unknown user', {}, { sub: 'carol' }],
  ['a wrong end', {}, { end: 'never' }],
])('a cookie with %s is rejected, even if it is signed', async (_, header, claims) => {
  expect(await verdict(await forged(header, undefined, claims))).toMatchObject({
    refused: expect.stringMatching(/^session-(invalid|revoked)$/) as string,
  });
});

test('alg none and a signature under another key are rejected', async () => {
  const [, payload = ''] = (await sealed()).split('.');
  const none = Buffer.from('{"alg":"none","typ":"comfy-session+jwt"}').toString('base64url');
  expect(await verdict(`comfy_session=${none}.${payload}.`)).toMatchObject({ refused: 'session-invalid' });
  expect(await verdict(await forged({}, makeSessionKey().secret))).toMatchObject({
    refused: 'session-invalid',
  });
});

test('it ends without use, and when its time is over however much it is used', async () => {
  let cookie = await sealed();
  for (let hours = 0; hours < 7 * 24; hours += 6) {
    guard.later(6 * HOUR);
    const answer = await guard.ask([['cookie', cookie]], { host: 'studio.example.com' });
    const isOver = hours + 6 >= 7 * 24;
    expect(answer.code).toBe(isOver ? 7 : 0);
    cookie = answer.setCookie?.replace(/;.*/, '') ?? cookie;
  }
  const unused = await sealed();
  guard.later(8 * HOUR);
  expect(await verdict(unused)).toMatchObject({ refused: 'session-expired' });
});

test('it is renewed once half of its time is over, also if the decision was cached before', async () => {
  const cookie = await sealed();
  const ask = () => guard.ask([['cookie', cookie]], { host: 'studio.example.com' });
  expect((await ask()).setCookie).toBeUndefined();
  guard.later(4 * HOUR - 60_000);
  expect((await ask()).setCookie).toBeUndefined();
  guard.later(60_000);
  expect((await ask()).setCookie).toMatch(
    /^comfy_session=[^;]+; Path=\/; Max-Age=28(800|799); HttpOnly; SameSite=Lax$/,
  );
  expect((await ask()).headers['x-funart-comfy-userid']).toBe('alice');
});

test('it never outlives the credentials that it was made of', async () => {
  const session = aSession('alice', { endsAtMs: guard.now() + HOUR, expiresAtMs: guard.now() + HOUR });
  const cookie = await sealed(session);
  guard.later(HOUR - 2000);
  const answer = await guard.ask([['cookie', cookie]], { host: 'studio.example.com' });
  expect([answer.code, answer.setCookie]).toEqual([0, undefined]);
  guard.later(2000);
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-expired' });
});

test('a WebSocket of a session ends with it', async () => {
  const answer = await guard.ask(
    [
      ['cookie', await sealed()],
      ['upgrade', 'websocket'],
      ['origin', 'http://studio.example.com'],
    ],
    { host: 'studio.example.com' },
  );
  expect(Number(answer.headers['x-envoy-upstream-stream-duration-ms'])).toBeGreaterThan(7.9 * HOUR);
  expect(Number(answer.headers['x-envoy-upstream-stream-duration-ms'])).toBeLessThanOrEqual(8 * HOUR);
});

test.each([
  ['a changed password', { alice: hashSync('tulip', 4), bob: HASHES.bob }],
  ['a removed user', { bob: HASHES.bob }],
])('%s ends it, also where it was cached', async (_, hashes) => {
  const cookie = await sealed();
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  const directory = aDirectory();
  guard.replace(load(directory.write('comfy-tenant.yaml', config(hashes))).config);
  directory.remove();
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-revoked' });
});

test('stricter limits apply to sessions that exist', async () => {
  const cookie = await sealed();
  const directory = aDirectory();
  const text = config().replace('ttl: 8h, maxAge: 7d', 'ttl: 30m, maxAge: 1h');
  guard.replace(load(directory.write('comfy-tenant.yaml', text)).config);
  directory.remove();
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  guard.later(HOUR / 2);
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-expired' });
});

test('a revoked session is over at once, the other one of the same user is not', async () => {
  const [one, other] = [aSession(), aSession()];
  const [cookie, kept] = [await sealed(one), await sealed(other)];
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  await guard.revocations.revoke({ endpoint: 'studio', sessionId: one.id, untilMs: one.endsAtMs });
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-revoked' });
  expect(await verdict(kept)).toEqual({ user: 'alice' });
  await guard.revocations.revoke({
    userId: 'alice' as UserId,
    issuedBeforeMs: guard.now() + 1,
    untilMs: one.endsAtMs,
  });
  expect(await verdict(kept)).toMatchObject({ refused: 'session-revoked' });
});

test('keys can be rotated: old cookies stay valid, are renewed with the new key, and end with the old one', async () => {
  const [before] = guard.keys();
  const cookie = await sealed();
  const next = makeSessionKey();
  guard.useKeys([next, before]);
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  guard.later(4 * HOUR);
  const answer = await guard.ask([['cookie', cookie]], { host: 'studio.example.com' });
  const renewed = answer.setCookie?.replace(/;.*/, '') ?? '';
  guard.useKeys([next]);
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-invalid' });
  expect(await verdict(renewed)).toEqual({ user: 'alice' });
});

test('explicit credentials and a session: only together if they are the same user', async () => {
  const cookie = await sealed();
  const as = (name: string, password: string) =>
    verdict(cookie, 'studio.example.com', ['authorization', basic(name, password)]);
  expect(await as('alice', 'tulip')).toEqual({ user: 'alice' });
  expect(await as('bob', 'cedar')).toMatchObject({ refused: 'credentials-ambiguous' });
  expect(await as('alice', 'wrong')).toMatchObject({ refused: 'password-wrong' });
  guard.later(9 * HOUR);
  expect(await as('bob', 'cedar')).toEqual({ user: 'bob' });
});

test('a session in a header, or a password in the cookie, is nothing', async () => {
  const cookie = await sealed();
  const token = cookie.slice('comfy_session='.length);
  for (const text of [token, `s${token}`, `S${token}`, `Bearer ${token}`, `m${basic('alice', 'tulip')}`])
    expect(await guard.authorize([['authorization', text]], { host: 'studio.example.com' })).toHaveProperty(
      'refused',
    );
  for (const text of [basic('alice', 'tulip'), `m${basic('alice', 'tulip')}`, `\n${basic('alice', 'tulip')}`])
    expect(await verdict(`comfy_session=${text}`)).toHaveProperty('refused');
});
