import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { encodeUserId } from '../auth/user-id.ts';
import { sessionDigest } from './session-digest.ts';
import { makeSigningKey } from './ed25519-keys.ts';
import { createMint, isUsable, mintRightToken, type TokenSubject } from './mint-token.ts';

const signing = makeSigningKey();
const KEYS = { kind: 'ed25519', signing, all: [signing], fingerprint: '' } as const;
const ALICE = encodeUserId('alice')!;

function aMint() {
  const state = { now: 1_700_000_000_500 };
  const mint = createMint(KEYS, () => state.now);
  const text = async (audience = 'a', more: Partial<TokenSubject> = {}): Promise<string> =>
    (await mint({ userId: ALICE, operator: false, ...more }, audience)).text;
  return { state, text };
}

test('a token names its key, its user and its ComfyUI, and lives five minutes', async () => {
  const token = await aMint().text();
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: signing.kid });
  const [iat, exp] = [1_700_000_000, 1_700_000_300];
  expect(decodeJwt(token)).toEqual({ iss: 'comfy-tenant', sub: 'alice', aud: 'a', iat, exp });
});

test('a token of a session says when it began, and names it by a digest only', async () => {
  const { text } = aMint();
  const token = await text('a', { issuedAtMs: 1_699_999_999_123, sessionId: 'secret-session' });
  expect(decodeJwt(token)).toMatchObject({
    ait: 1_699_999_999_123,
    sid: sessionDigest('secret-session'),
  });
  expect(JSON.stringify(decodeJwt(token))).not.toContain('secret-session');
});

test('one token per session and per sign-in', async () => {
  const { text } = aMint();
  const subjects = [
    {},
    { issuedAtMs: 1 },
    { issuedAtMs: 2 },
    { issuedAtMs: 1, sessionId: 's' },
    { issuedAtMs: 1, sessionId: 't' },
  ];
  const tokens = await Promise.all(subjects.map((one) => text('a', one)));
  expect(new Set(tokens).size).toBe(subjects.length);
  expect(await text('a', { issuedAtMs: 1, sessionId: 's' })).toBe(tokens[3]);
});

test('a token that may close WebSockets belongs to no user, and lives a minute', async () => {
  const token = await mintRightToken(KEYS, { right: 'close', audience: 'a' }, 1_700_000_000_500);
  const [iat, exp] = [1_700_000_000, 1_700_000_060];
  expect(decodeJwt(token)).toEqual({ iss: 'comfy-tenant', aud: 'a', iat, exp, rights: ['close'] });
});

test('one token per user, right and ComfyUI, until it is half spent', async () => {
  const { state, text } = aMint();
  const first = await text();
  expect(await text('b')).not.toBe(first);
  expect(await text('a', { operator: true })).not.toBe(first);
  state.now += 149_000;
  expect(await text()).toBe(first);
  state.now += 1000;
  expect(await text()).not.toBe(first);
});

test('a token from the future is not used: the clock was set back', async () => {
  const { state, text } = aMint();
  await text();
  state.now -= 3_600_000;
  expect(decodeJwt(await text()).iat).toBe(1_699_996_400);
});

test('only an operator gets the role, and no one else gets their token', async () => {
  const { text } = aMint();
  const [operator, user] = [await text('a', { operator: true }), await text('a', { operator: false })];
  expect(decodeJwt(operator)['roles']).toEqual(['operator']);
  expect(decodeJwt(user)).not.toHaveProperty('roles');
  expect(await text('a', { operator: true })).toBe(operator);
  expect(await text('a', { operator: false })).toBe(user);
});

test('a token is usable from the moment it is issued until it is half spent', () => {
  const token = { text: '', issuedAtMs: 1000, refreshAtMs: 2000 };
  expect([999, 1000, 1999, 2000].map((now) => isUsable(token, now))).toEqual([false, true, true, false]);
});
