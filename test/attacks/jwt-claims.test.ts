import { CompactSign } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { aToken, AUDIENCE, ISSUER } from '../support/tokens.ts';
import { made, seconds, twoIssuers } from './issuers.ts';

let issuers: Awaited<ReturnType<typeof twoIssuers>>;
beforeAll(async () => {
  issuers = await twoIssuers();
});

/** The last character of a signature of 256 bytes holds four bits that mean nothing. */
async function otherLastCharacter(): Promise<string> {
  const token = await aToken(issuers.rsa);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) ^ 1);
}

test.each([
  ['exp as a string', { exp: '99999999999' }],
  ['exp as null', { exp: null }],
  ['exp below zero', { exp: -1 }],
  ['exp as a list', { exp: [99999999999] }],
  ['exp as an object', { exp: { valueOf: 99999999999 } }],
  ['nbf ahead', { nbf: 99999999999 }],
  ['nbf as a string', { nbf: '0' }],
  ['iat as a string', { iat: '0' }],
  ['an empty list of audiences', { aud: [] }],
  ['a list of other audiences', { aud: ['a', 'b'] }],
  ['audiences in a list of a list', { aud: [[AUDIENCE]] }],
  ['an audience that is an object', { aud: { 0: AUDIENCE } }],
  ['an audience with a space more', { aud: `${AUDIENCE} ` }],
  ['an issuer with a slash more', { iss: `${ISSUER}/` }],
  ['an issuer in capitals', { iss: ISSUER.toUpperCase() }],
  ['a sub that is an object', { sub: { toString: 'alice' } }],
  ['a sub with a NUL', { sub: 'alice\0' }],
])('a signed token with %s is rejected', async (name, claims) => {
  const verdict = await issuers.authorize(await aToken(issuers.rsa, claims));
  // What is not forbidden in an id is encoded: no other user's.
  if (name === 'a sub with a NUL') expect(verdict).not.toEqual({ user: 'alice' });
  else expect(verdict).toMatchObject({ refused: expect.any(String) as string });
});

// As JSON text: what no double holds exactly reads differently from program to program.
const DATES = [
  '1e400',
  '-1e400',
  '1e18',
  '9007199254740992',
  '1.5',
  '1e-7',
  '-1',
  '-1e18',
  '"1"',
  'true',
  'null',
  '{}',
  '[1]',
];

test.each(['exp', 'nbf', 'iat'].flatMap((name) => DATES.map((text) => [name, text] as const)))(
  'a signed token with %s: %s is rejected',
  async (name, text) => {
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: seconds(), exp: seconds() + 60 };
    const rest = Object.entries(claims).filter(([key]) => key !== name);
    const payload = `{"${name}":${text},${JSON.stringify(Object.fromEntries(rest)).slice(1)}`;
    const token = await new CompactSign(Buffer.from(payload))
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
      .sign(issuers.rsa.privateKey);
    expect(await issuers.authorize(token)).toMatchObject({ status: 401 });
  },
);

test('dates from 1970 up to the largest safe integer are accepted', async () => {
  const claims = { exp: Number.MAX_SAFE_INTEGER, nbf: 0, iat: 0 };
  expect(await issuers.authorize(await aToken(issuers.rsa, claims))).toEqual({ user: 'alice' });
});

test('an audience in a list is accepted', async () => {
  expect(await issuers.authorize(await aToken(issuers.rsa, { aud: ['other', AUDIENCE] }))).toEqual({
    user: 'alice',
  });
});

test('a token truncated anywhere is rejected', async () => {
  const token = await aToken(issuers.ec);
  for (let end = 0; end < token.length; end++) {
    expect(await issuers.authorize(token.slice(0, end))).toMatchObject({ status: 401 });
  }
});

test.each([
  ['padding', async () => `${await aToken(issuers.ec)}==`],
  ['bits after the end', otherLastCharacter],
  [
    'the alphabet of base64',
    async () => (await aToken(issuers.rsa)).replaceAll('-', '+').replaceAll('_', '/'),
  ],
  ['a line feed inside', async () => (await aToken(issuers.rsa)).replace('.', '.\n')],
  ['a space inside', async () => (await aToken(issuers.rsa)).replace('.', ' .')],
  ['a fourth part', async () => `${await aToken(issuers.rsa)}.`],
  ['an empty first part', async () => `.${(await aToken(issuers.rsa)).split('.').slice(1).join('.')}`],
])('a token in another spelling (%s) is rejected, or still belongs to the same user', async (_, token) => {
  const verdict = await issuers.authorize(await token());
  expect('user' in verdict ? verdict.user : 'alice').toBe('alice');
});

test.each([
  ['a duplicate member', '{"sub":"alice","sub":"bob"', 'bob'],
  ['a member of the prototype', '{"__proto__":{"sub":"bob"},"sub":"alice"', 'alice'],
  ['a constructor', '{"constructor":{"prototype":{"sub":"bob"}},"sub":"alice"', 'alice'],
  ['deep nesting', `{"deep":${'['.repeat(5000)}${']'.repeat(5000)},"sub":"alice"`, 'alice'],
  ['60 KB of claims', `{"long":"${'x'.repeat(45_000)}","sub":"alice"`, 'alice'],
])('%s does not affect other users', async (_, start, user) => {
  const payload = `${start},"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${seconds() + 600}}`;
  expect(await issuers.authorize(made({ alg: 'RS256' }, issuers.signed, payload))).toEqual({ user });
  expect(await issuers.authorize(await aToken(issuers.ec))).toEqual({ user: 'alice' });
});
