import { createHmac } from 'node:crypto';
import { EncryptJWT, generateKeyPair } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { aKey, aToken } from '../support/tokens.ts';
import { claims, encode, made, PARTNER, twoIssuers } from './issuers.ts';

let issuers: Awaited<ReturnType<typeof twoIssuers>>;
beforeAll(async () => {
  issuers = await twoIssuers();
});

const hs256 = (key: string | Buffer) => (input: string) =>
  createHmac('sha256', key).update(input).digest('base64url');
const bytes = (...parts: number[][]): string => Buffer.from(parts.flat()).toString('base64url');
const zeros = (count: number): number[] => Array<number>(count).fill(0);
/** The order of P-256, n. */
const ORDER = [...Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')];
const one = [...zeros(31), 1];
const parts = async (key = issuers.rsa, claims = {}): Promise<[string, string, string]> =>
  (await aToken(key, claims)).split('.') as [string, string, string];
/** ASN.1 DER in place of r and s. */
async function der(): Promise<string> {
  const [header, payload, signature] = await parts(issuers.ec);
  const raw = Buffer.from(signature, 'base64url');
  const integer = (value: Buffer): number[] => [2, 33, 0, ...value];
  const both = [...integer(raw.subarray(0, 32)), ...integer(raw.subarray(32))];
  return `${header}.${payload}.${bytes([0x30, both.length, ...both])}`;
}
test('the unmodified tokens are accepted, each issuer’s with its own key', async () => {
  expect(await issuers.authorize(await aToken(issuers.rsa))).toEqual({ user: 'alice' });
  expect(await issuers.authorize(await aToken(issuers.ec))).toEqual({ user: 'alice' });
  expect(await issuers.authorize(await aToken(issuers.partner, { iss: PARTNER }))).toEqual({
    user: 'partner~alice',
  });
});

type Attack = readonly [name: string, token: () => string | Promise<string>, refused: string];
const SIGNATURES: readonly Attack[] = [
  ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg): Attack[] => [
    [`algorithm ${alg}`, () => made({ alg }, () => ''), 'algorithm-refused'],
    [`algorithm ${alg} with a signature`, () => made({ alg }, () => 'AAAA'), 'algorithm-refused'],
  ]),
  ['HS256 with the public key as PEM (CVE-2026-34950, CVE-2023-48223)', () => made({ alg: 'HS256' }, hs256(issuers.publicKey.export({ type: 'spki', format: 'pem' }))), 'algorithm-refused'], // prettier-ignore
  ['HS256 with the public key as PKCS #1', () => made({ alg: 'HS256' }, hs256(issuers.publicKey.export({ type: 'pkcs1', format: 'pem' }))), 'algorithm-refused'], // prettier-ignore
  ['HS256 with the public key as DER', () => made({ alg: 'HS256' }, hs256(issuers.publicKey.export({ type: 'spki', format: 'der' }))), 'algorithm-refused'], // prettier-ignore
  ['HS256 with the public key as JWK', () => made({ alg: 'HS256' }, hs256(JSON.stringify(issuers.rsa.jwk))), 'algorithm-refused'], // prettier-ignore
  ['HS256 with an empty key', () => made({ alg: 'HS256' }, hs256('')), 'algorithm-refused'],
  ['a key of one kind, an algorithm of another', () => made({ alg: 'ES256', kid: 'rsa' }, () => bytes(zeros(64))), 'key-unknown'], // prettier-ignore
  ['psychic: r and s are zero (CVE-2022-21449)', () => made({ alg: 'ES256', kid: 'ec' }, () => bytes(zeros(64))), 'signature-wrong'], // prettier-ignore
  ['psychic: r is the order, s is one (CVE-2022-21449)', () => made({ alg: 'ES256', kid: 'ec' }, () => bytes(ORDER, one)), 'signature-wrong'], // prettier-ignore
  ['psychic: r and s are the order', () => made({ alg: 'ES256', kid: 'ec' }, () => bytes(ORDER, ORDER)), 'signature-wrong'], // prettier-ignore
  ['DER in place of r and s', der, 'signature-wrong'],
  ['a signature of half the length', () => made({ alg: 'ES256', kid: 'ec' }, () => bytes(zeros(32))), 'signature-wrong'], // prettier-ignore
  ['the key of another curve', () => aToken(issuers.p384, {}, { kid: 'ec' }), 'key-unknown'],
  ['another curve called ES256', async () => { const [, payload, signature] = await parts(issuers.p384); return `${encode({ alg: 'ES256', kid: 'ec' })}.${payload}.${signature}`; }, 'signature-wrong'], // prettier-ignore
  ['the same kid of another issuer', () => aToken(issuers.partner), 'signature-wrong'],
  ['this issuer’s key in the other’s name', () => aToken(issuers.rsa, { iss: PARTNER }), 'signature-wrong'],
  ['a kid with a path', () => aToken(issuers.rsa, {}, { kid: '../../../../dev/null' }), 'key-unknown'],
  ['a kid with SQL', () => aToken(issuers.rsa, {}, { kid: "x' UNION SELECT 'key" }), 'key-unknown'],
  ['a kid of the prototype', () => aToken(issuers.rsa, {}, { kid: '__proto__' }), 'key-unknown'],
  ['the claims of one token, the signature of another', async () => { const [header, , signature] = await parts(); const [, payload] = await parts(issuers.rsa, { sub: 'bob' }); return `${header}.${payload}.${signature}`; }, 'signature-wrong'], // prettier-ignore
  ['an unencoded payload (b64: false)', () => made({ alg: 'RS256', b64: false, crit: ['b64'] }, issuers.signed), 'token-malformed'], // prettier-ignore
  ['an unknown critical header', () => made({ alg: 'RS256', crit: ['exp'], exp: 1 }, () => 'AAAA'), 'algorithm-refused'], // prettier-ignore
  [
    'an empty list of critical headers',
    () => made({ alg: 'RS256', crit: [] }, () => 'AAAA'),
    'token-malformed',
  ],
];
const EMBEDDED = ['jwk', 'jku', 'x5u', 'x5c', 'x5t'] as const;

test.each(SIGNATURES)('%s is rejected', async (_, token, refused) => {
  expect(await issuers.authorize(await token())).toEqual({ refused, status: 401 });
});

test.each(EMBEDDED)('an attacker’s key in %s is ignored', async (name) => {
  const stranger = await aKey('RS256', 'rsa');
  const value = { jwk: stranger.jwk, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x', x5c: ['MIIB'], x5t: 'AAAA' }[name]; // prettier-ignore
  expect(await issuers.authorize(await aToken(stranger, {}, { [name]: value }))).toMatchObject({
    refused: 'signature-wrong',
  });
});

test('an encrypted token is rejected', async () => {
  const { publicKey: key } = await generateKeyPair('RSA-OAEP');
  const token = await new EncryptJWT({ ...claims() })
    .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM' })
    .encrypt(key);
  expect(await issuers.authorize(token)).toEqual({ refused: 'token-malformed', status: 401 });
});
