import type { KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { expect, test } from 'vitest';
import { aRequest, basic } from '../../test/support/requests.ts';
import { deny } from '../auth/decision.ts';
import type { AuthMethod } from '../auth/auth-method.ts';
import { makeSigningKey } from './ed25519-keys.ts';
import { acceptProbeUsers, createProbeUser } from './probe-user.ts';

const [KEY, OLD_KEY, TOKEN_KEY] = [makeSigningKey(), makeSigningKey(), makeSigningKey()];
const inner: AuthMethod = {
  name: 'BASIC',
  challenge: 'Basic',
  credentialLocations: { headers: ['authorization'], cookies: [], query: [] },
  find: () => deny('credentials-missing'),
  authenticate: () => deny('password-wrong'),
};
const method = acceptProbeUsers(inner, [KEY.publicKey, OLD_KEY.publicKey], Date.now);

async function authenticate(authorization: string) {
  const found = method.find(aRequest([['authorization', authorization]]));
  return 'kind' in found ? found : method.authenticate(found, { address: '' });
}

const seconds = (later = 0): number => Math.floor(Date.now() / 1000) + later;

/** A good credential with what a case spoils; undefined leaves a claim out. */
async function spoiled(changes: Readonly<Record<string, unknown>>, key = KEY): Promise<string> {
  const claims = {
    iss: 'comfy-tenant',
    aud: 'comfy-tenant-verify',
    sub: 'verify~0123456789abcdef',
    iat: seconds(),
    exp: seconds(120),
    ...changes,
  };
  const given: JWTPayload = JSON.parse(JSON.stringify(claims)) as JWTPayload;
  const header = { alg: 'EdDSA', typ: 'comfy-tenant-verify' };
  return `Bearer ${await new SignJWT(given).setProtectedHeader(header).sign(key.privateKey)}`;
}

test('the holder of the verify key can be a temporary user for two minutes, and never an operator', async () => {
  const { userId, authorization } = await createProbeUser(KEY.privateKey, Date.now());
  expect(userId).toMatch(/^verify~[0-9a-f]{16}$/);
  expect(await authenticate(authorization)).toMatchObject({
    kind: 'allow',
    identity: { userId, operator: false, forwardedClaims: [] },
  });
  expect(await authenticate(await spoiled({}))).toMatchObject({ kind: 'allow' });
});

test('a key that is being replaced is still accepted', async () => {
  const { authorization } = await createProbeUser(OLD_KEY.privateKey, Date.now());
  expect(await authenticate(authorization)).toMatchObject({ kind: 'allow' });
});

test('the key that signs for ComfyUI cannot create temporary users', async () => {
  expect(await authenticate(await spoiled({}, TOKEN_KEY))).toEqual({
    kind: 'deny',
    reason: 'signature-wrong',
  });
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ["another user's name", { sub: 'alice' }, 'user-id-unusable'],
  ['a name that only begins like one', { sub: 'verify~0123456789abcdef/../alice' }, 'user-id-unusable'],
  ['a name with a line break', { sub: 'verify~0123456789abcdef\n' }, 'user-id-unusable'],
  ['a longer name', { sub: 'verify~0123456789abcdef0' }, 'user-id-unusable'],
  ['an empty name', { sub: '' }, 'user-id-unusable'],
  ['no name', { sub: undefined }, 'signature-wrong'],
  ['another issuer', { iss: 'other' }, 'signature-wrong'],
  ["the audience of ComfyUI's own token", { aud: 'comfyui' }, 'signature-wrong'],
  ['a time that is over', { exp: 1 }, 'token-expired'],
  ['no end', { exp: undefined }, 'signature-wrong'],
  ['no beginning', { iat: undefined }, 'signature-wrong'],
  ['a life of three minutes', { exp: seconds(180) }, 'token-expired'],
  ['a life of 31 years', { exp: seconds(1_000_000_000) }, 'token-expired'],
  ['a beginning in the future', { iat: seconds(3600), exp: seconds(3700) }, 'token-expired'],
  ['an end that is no safe integer', { exp: 1e18 }, 'token-expired'],
  ['an end that is no integer', { exp: seconds(60) + 0.5 }, 'token-expired'],
])('a token with %s is refused', async (_, changes, reason) => {
  expect(await authenticate(await spoiled(changes))).toEqual({ kind: 'deny', reason });
});

test('all other credentials go to the method', async () => {
  expect(await authenticate(basic('alice', 'x'))).toEqual({ kind: 'deny', reason: 'credentials-missing' });
});

test('the temporary user ends with its token, exactly', async () => {
  const now = 1_700_000_000_500;
  const user = await createProbeUser(KEY.privateKey, now);
  expect(user.expiresAtMs).toBe(1_700_000_120_000);
  const then = acceptProbeUsers(inner, [KEY.publicKey], () => now);
  const found = then.find(aRequest([['authorization', user.authorization]]));
  if ('kind' in found) throw new Error('not found');
  expect(found.ambient).toBe(false);
  expect(await then.authenticate(found, { address: '' })).toMatchObject({
    identity: { expiresAtMs: 1_700_000_120_000 },
  });
});

test('a clock may differ by exactly the tolerance', async () => {
  const iat = 1_700_000_000;
  const sent = (await spoiled({ iat, exp: iat + 120 })).slice('Bearer '.length);
  const at = (now: number) =>
    acceptProbeUsers(inner, [KEY.publicKey], () => now).authenticate(
      { text: `Bearer ${sent}`, ambient: false },
      { address: '' },
    );
  const skew = 10_000;
  expect(await at(iat * 1000 - skew)).toMatchObject({ kind: 'allow' });
  expect(await at(iat * 1000 - skew - 1000)).toEqual({ kind: 'deny', reason: 'token-expired' });
});

test('a defect is no wrong signature: it is thrown, and so answered with 503', async () => {
  const { authorization } = await createProbeUser(KEY.privateKey, Date.now());
  const broken = acceptProbeUsers(inner, [undefined as unknown as KeyObject], Date.now);
  await expect(
    (async () => broken.authenticate({ text: authorization, ambient: false }, { address: '' }))(),
  ).rejects.toThrow(TypeError);
});
