import { beforeAll, expect, test } from 'vitest';
import { aJwtMethod, judgeToken, keysOfEveryKind, rules, USER_ID } from '../../test/support/jwt-method.ts';
import { aKey, aToken, ISSUER, type SigningKey } from '../../test/support/tokens.ts';
import type { Issuer } from './issuer-schema.ts';
import { fixedKeys } from './key-source.ts';
import type { JwtOptions } from './jwt-method.ts';
import { ASYMMETRIC } from './usable-keys.ts';

const seconds = (): number => Math.floor(Date.now() / 1000);
let keys: Map<string, SigningKey>;
let rsa: SigningKey;
beforeAll(async () => {
  keys = await keysOfEveryKind();
  rsa = keys.get('RS256')!;
}, 60_000);

const aMethod = (changes: Partial<Issuer> = {}, options: Partial<JwtOptions> = {}) =>
  aJwtMethod(keys.values(), changes, options);
const judge = (token: string, method = aMethod()) => judgeToken(token, method);

test.each(ASYMMETRIC)('a token signed with %s is accepted', async (alg) => {
  expect(await judge(await aToken(keys.get(alg)!))).toMatchObject({
    kind: 'allow',
    identity: { userId: 'alice' },
  });
});

test('Ed25519 is the newer name of EdDSA', async () => {
  const token = await aToken(keys.get('EdDSA')!, {}, { alg: 'Ed25519' });
  expect(await judge(token)).toMatchObject({ kind: 'allow' });
});

test('the identity expires with the token and its tolerance', async () => {
  const exp = seconds() + 100;
  expect(await judge(await aToken(rsa, { exp }))).toMatchObject({
    identity: { expiresAtMs: (exp + 30) * 1000 },
  });
});

test('the identity expires at maxTokenAge if that is before exp', async () => {
  const iat = seconds();
  const method = aMethod({ maxTokenAge: 60_000 });
  expect(await judge(await aToken(rsa, { iat, exp: iat + 3600 }), method)).toMatchObject({
    identity: { expiresAtMs: (iat + 60 + 30) * 1000 },
  });
  expect(await judge(await aToken(rsa, { iat, exp: iat + 10 }), method)).toMatchObject({
    identity: { expiresAtMs: (iat + 10 + 30) * 1000 },
  });
});

test.each([
  ['expired', { exp: 1 }, 'token-expired'],
  ['expired beyond the tolerance', () => ({ exp: seconds() - 31 }), 'token-expired'],
  ['without expiry', { exp: undefined }, 'claim-wrong'],
  ['not valid yet', () => ({ nbf: seconds() + 120 }), 'token-not-yet-valid'],
  ['of another issuer', { iss: 'https://evil.example' }, 'issuer-unknown'],
  ['of no issuer', { iss: undefined }, 'issuer-unknown'],
  ['of a list of issuers', { iss: [ISSUER] }, 'issuer-unknown'],
  ['for somebody else', { aud: 'another' }, 'audience-wrong'],
  ['for nobody', { aud: undefined }, 'audience-wrong'],
  ['with an expiry that is no number', { exp: '9999999999' }, 'claim-wrong'],
  ['without the claim', { sub: undefined }, 'user-id-unusable'],
  ['with an empty id', { sub: '' }, 'user-id-unusable'],
  ['with an id that is a list', { sub: ['alice'] }, 'user-id-unusable'],
  ['with an id that is true', { sub: true }, 'user-id-unusable'],
  ['with an id that is 1.5', { sub: 1.5 }, 'user-id-unusable'],
  ['with an id that is beyond exact integers', { sub: 2 ** 60 }, 'user-id-unusable'],
  ['with an id over 200 bytes', { sub: 'a'.repeat(201) }, 'user-id-unusable'],
] as const)('a token that is %s is refused', async (_, claims, reason) => {
  const token = await aToken(rsa, typeof claims === 'function' ? claims() : claims);
  expect(await judge(token)).toEqual({ kind: 'deny', reason });
});

test('within the tolerance an expired token is accepted', async () => {
  expect(await judge(await aToken(rsa, { exp: seconds() - 20 }))).toMatchObject({ kind: 'allow' });
});

test('an integer is an id', async () => {
  expect(await judge(await aToken(rsa, { sub: 42 }))).toMatchObject({
    identity: { userId: '42' },
  });
});

test('only the algorithms of the configuration count', async () => {
  const method = aMethod({ algorithms: ['ES256'] });
  expect(await judge(await aToken(keys.get('ES256')!), method)).toMatchObject({ kind: 'allow' });
  expect(await judge(await aToken(rsa), method)).toEqual({ kind: 'deny', reason: 'algorithm-refused' });
});

test.each([
  ['typ', { typ: 'at+jwt' }, {}, { typ: 'at+jwt' }, 'token-type-wrong'],
  ['age', { maxTokenAge: 60_000 }, { iat: 1 }, {}, 'token-too-old'],
  ['required claims', { requiredClaims: { 'org.id': 7 } }, { org: { id: 8 } }, {}, 'claim-wrong'],
] as const)('%s is checked when the configuration says so', async (_, changes, claims, header, reason) => {
  const bad = await aToken(rsa, claims, { typ: 'JWT' });
  expect(await judge(bad, aMethod(changes))).toEqual({ kind: 'deny', reason });
  const good = await aToken(rsa, { org: { id: 7 } }, header);
  expect(await judge(good, aMethod(changes))).toMatchObject({ kind: 'allow' });
});

test('two issuers each judge their own, and a prefix keeps their users apart', async () => {
  const other = await aKey('ES256', 'other');
  const partner = { issuer: 'https://partner.example', userIdPrefix: 'partner' };
  const method = aMethod(
    {},
    {
      issuers: [
        { rules: rules(), keys: fixedKeys({ keys: [rsa.jwk] }, ASYMMETRIC) },
        { rules: rules(partner), keys: fixedKeys({ keys: [other.jwk] }, ASYMMETRIC) },
      ],
    },
  );
  expect(await judge(await aToken(rsa), method)).toMatchObject({ identity: { userId: 'alice' } });
  const theirs = await aToken(other, { iss: partner.issuer });
  expect(await judge(theirs, method)).toMatchObject({ identity: { userId: 'partner~alice' } });
  const mixed = await aToken(other, { iss: ISSUER });
  expect(await judge(mixed, method)).toEqual({ kind: 'deny', reason: 'key-unknown' });
});

test('claims are passed on as text, and absent ones as their absence', async () => {
  const method = aMethod(
    {},
    {
      claimTransformations: [
        USER_ID,
        { location: 'HEADER', name: 'X-Email', claim: 'profile.email' },
        { location: 'HEADER', name: 'X-Groups', claim: 'https://example.com/groups' },
        { location: 'QUERY', name: 'vip', claim: 'vip' },
        { location: 'COOKIE', name: 'gone', claim: 'profile.__proto__' },
      ],
    },
  );
  const claims = {
    profile: { email: 'Zoë@example.com' },
    'https://example.com/groups': ['a,b', 2],
    vip: false,
  };
  const decision = await judge(await aToken(rsa, claims), method);
  expect(decision).toMatchObject({
    identity: {
      forwardedClaims: [
        { location: 'HEADER', name: 'X-Email', value: 'Zo%C3%AB@example.com' },
        { location: 'HEADER', name: 'X-Groups', value: 'a%2Cb,2' },
        { location: 'QUERY', name: 'vip', value: 'false' },
        { location: 'COOKIE', name: 'gone', value: undefined },
      ],
    },
  });
});
