import { beforeAll, expect, test } from 'vitest';
import { aJwtMethod, checkToken, keysOfEveryKind } from '../../test/support/jwt-method.ts';
import { aKey, aToken, type SigningKey } from '../../test/support/tokens.ts';

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
let keys: Map<string, SigningKey>;
let rsa: SigningKey;
beforeAll(async () => {
  keys = await keysOfEveryKind();
  rsa = keys.get('RS256')!;
}, 60_000);
const check = (token: string) => checkToken(token, aJwtMethod(keys.values()));

async function withHeader(header: object, sign: (input: string) => string): Promise<string> {
  const [, payload] = (await aToken(rsa)).split('.');
  const input = `${json(header)}.${payload ?? ''}`;
  return `${input}.${sign(input)}`;
}

test.each([
  ['none', { alg: 'none' }, 'algorithm-refused'],
  ['NoNe', { alg: 'NoNe' }, 'algorithm-refused'],
  ['a list', { alg: ['RS256'] }, 'token-malformed'],
  ['absent', {}, 'token-malformed'],
  ['unknown', { alg: 'XX256', kid: 'RS256-1' }, 'algorithm-refused'],
])('a token whose algorithm is %s is refused', async (_, header, reason) => {
  expect(await check(await withHeader(header, () => ''))).toEqual({ kind: 'deny', reason });
});

test.each([
  ['a key in the token itself', () => ({ jwk: keys.get('RS256')!.jwk })],
  ['an address of keys', () => ({ jku: 'https://evil.example/jwks.json' })],
  ['a certificate', () => ({ x5c: ['MIIB'] })],
])('%s is not used for verification', async (_, header) => {
  const stranger = await aKey('RS256', 'RS256-1');
  expect(await check(await aToken(stranger, {}, header()))).toEqual({
    kind: 'deny',
    reason: 'signature-wrong',
  });
});

test('an unknown critical extension is rejected', async () => {
  const token = await withHeader({ alg: 'RS256', kid: 'RS256-1', crit: ['x'], x: 1 }, () => 'AAAA');
  expect(await check(token)).toMatchObject({ kind: 'deny' });
});

test.each([
  '',
  '.',
  '..',
  'a.b',
  'a.b.c.d.e',
  'eyJ',
  '\ud800.\ud800.\ud800',
  `${json({ alg: 'RS256' })}..`,
  '🤷',
])('text that is not a token (%j) is malformed', async (token) => {
  expect(await check(token)).toEqual({ kind: 'deny', reason: 'token-malformed' });
});
