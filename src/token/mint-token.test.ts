import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { encodeUserId } from '../auth/user-id.ts';
import { makeSigningKey } from './ed25519-keys.ts';
import { createMint, isUsable } from './mint-token.ts';

const signing = makeSigningKey();
const ALICE = encodeUserId('alice')!;

function aMint() {
  const state = { now: 1_700_000_000_500 };
  const keys = { kind: 'ed25519', signing, all: [signing], fingerprint: '' } as const;
  const mint = createMint(keys, () => state.now);
  const text = async (audience = 'a', operator = false): Promise<string> =>
    (await mint(ALICE, operator, audience)).text;
  return { state, text };
}

test('a token names its key, its user and its ComfyUI, and lives five minutes', async () => {
  const token = await aMint().text();
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: signing.kid });
  const [iat, exp] = [1_700_000_000, 1_700_000_300];
  expect(decodeJwt(token)).toEqual({ iss: 'comfy-tenant', sub: 'alice', aud: 'a', iat, exp });
});

test('one token per user, right and ComfyUI, until it is half spent', async () => {
  const { state, text } = aMint();
  const first = await text();
  expect(await text('b')).not.toBe(first);
  expect(await text('a', true)).not.toBe(first);
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
  const [operator, user] = [await text('a', true), await text('a', false)];
  expect(decodeJwt(operator)['roles']).toEqual(['operator']);
  expect(decodeJwt(user)).not.toHaveProperty('roles');
  expect(await text('a', true)).toBe(operator);
  expect(await text('a', false)).toBe(user);
});

test('a token is usable from the moment it is issued until it is half spent', () => {
  const token = { text: '', issuedAtMs: 1000, refreshAtMs: 2000 };
  expect([999, 1000, 1999, 2000].map((now) => isUsable(token, now))).toEqual([false, true, true, false]);
});
