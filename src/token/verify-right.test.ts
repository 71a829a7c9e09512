import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { aRequest, basic } from '../../test/builders.ts';
import { deny } from '../auth/decision.ts';
import type { Method } from '../auth/authenticator.ts';
import { acceptMadeUpUsers, makeUpUser } from './verify-right.ts';

const KEY = Buffer.alloc(32, 1);
const OLD_KEY = Buffer.alloc(32, 2);
const inner: Method = {
  name: 'BASIC',
  challenge: 'Basic',
  carriers: { headers: ['authorization'], cookies: [], query: [] },
  find: () => deny('credentials-missing'),
  authenticate: () => deny('password-wrong'),
};
const method = acceptMadeUpUsers(inner, [KEY, OLD_KEY], Date.now);

async function judge(authorization: string) {
  const found = method.find(aRequest([['authorization', authorization]]));
  return 'kind' in found ? found : method.authenticate(found, { address: '' });
}

async function spoiled(changes: { sub?: string; iss?: string; aud?: string; exp?: number }): Promise<string> {
  const { sub = 'verify~0123456789abcdef', iss = 'comfy-tenant', aud = 'comfy-tenant-verify' } = changes;
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'comfy-tenant-verify' })
    .setIssuer(iss)
    .setAudience(aud)
    .setSubject(sub)
    .setExpirationTime(changes.exp ?? Math.floor(Date.now() / 1000) + 60)
    .sign(KEY);
  return `Bearer ${token}`;
}

test('whoever has the token key can be a made-up user for two minutes, and no operator', async () => {
  const { userId, authorization } = await makeUpUser(KEY, Date.now());
  expect(userId).toMatch(/^verify~[0-9a-f]{16}$/);
  expect(await judge(authorization)).toMatchObject({ kind: 'allow', identity: { userId, operator: false } });
});

test('a key that is being replaced still counts', async () => {
  expect(await judge((await makeUpUser(OLD_KEY, Date.now())).authorization)).toMatchObject({ kind: 'allow' });
});

test.each<[string, Parameters<typeof spoiled>[0], string]>([
  ["somebody else's name", { sub: 'alice' }, 'user-id-unusable'],
  ['a name that only begins like one', { sub: 'verify~0123456789abcdef/../alice' }, 'user-id-unusable'],
  ['no name', { sub: '' }, 'user-id-unusable'],
  ['another issuer', { iss: 'other' }, 'signature-wrong'],
  ["the audience of ComfyUI's own token", { aud: 'comfyui' }, 'signature-wrong'],
  ['a time that is over', { exp: 1 }, 'token-expired'],
])('a token with %s is refused', async (_, changes, reason) => {
  expect(await judge(await spoiled(changes))).toEqual({ kind: 'deny', reason });
});

test('all other credentials are left to the method', async () => {
  expect(await judge(basic('alice', 'x'))).toEqual({ kind: 'deny', reason: 'credentials-missing' });
});
