import { decodeJwt, SignJWT } from 'jose';
import { beforeEach, expect, test } from 'vitest';
import type { HeaderField } from '../../src/http/request-head.ts';
import { makeSessionKey } from '../../src/session/session-keys.ts';
import { basic } from '../support/requests.ts';
import { aSessionGuard, HOUR } from '../support/session-guard.ts';

const HTTPS: HeaderField = ['x-forwarded-proto', 'https'];
let guard: ReturnType<typeof aSessionGuard>;
beforeEach(() => {
  guard = aSessionGuard();
});

const aSession: typeof guard.aSession = (...parts) => guard.aSession(...parts);
const sealed: typeof guard.sealed = (...parts) => guard.sealed(...parts);
const verdict: typeof guard.verdict = (...parts) => guard.verdict(...parts);

test('a session is its own user, not another', async () => {
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
  // Of the last character, base64url does not use all bits.
  for (let at = start; at < cookie.length - 1; at += 7) {
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
