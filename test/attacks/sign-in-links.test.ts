import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { HeaderField } from '../../src/http/request-head.ts';
import { aGuard } from '../support/guard.ts';
import { aKey, aToken, AUDIENCE, ISSUER, type SigningKey } from '../support/tokens.ts';

let key: SigningKey;
let guard: ReturnType<typeof aGuard>;
beforeAll(async () => {
  key = await aKey('ES256');
});
beforeEach(() => {
  guard = aGuard(`
endpoints:
  - name: api
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks: { keys: [${JSON.stringify(key.jwk)}] } }]
      tokenLookup: [{ location: HEADER, name: Authorization, prefix: "Bearer " }, { location: QUERY, name: token }]
      claimTransformations:
        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }
        - { location: HEADER, name: X-Email, claim: profile.email }
      signInUrl: "https://portal.example.com/login?back={url}"
`);
});

const PAGE: readonly HeaderField[] = [
  ['accept', 'text/html,*/*'],
  ['sec-fetch-mode', 'navigate'],
  ['sec-fetch-dest', 'document'],
];
const token = (claims: object = {}) =>
  aToken(key, { profile: { email: 'a@b.example', phone: 'x' }, ...claims });
const ask = async (path: string, headers: readonly HeaderField[] = PAGE) =>
  guard.ask(headers, { path, endpoint: 'api' });
const cookieOf = (setCookie = ''): HeaderField => ['cookie', setCookie.replace(/;.*/, '')];

test('a link with a token starts a session and leads to the address without the token', async () => {
  const answer = await ask(`/?workflow=a&token=${await token()}&x=1`);
  expect(answer.status).toBe(303);
  expect(answer.headers).toMatchObject({
    location: '/?workflow=a&x=1',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  const session = cookieOf(answer.headers['set-cookie']);
  const next = await ask('/queue', [session]);
  expect(next.headers).toMatchObject({ 'x-funart-comfy-userid': 'alice', 'x-email': 'a@b.example' });
  expect(next.remove).toContain('cookie');
  const [, payload = ''] = session[1].split('.');
  expect(Buffer.from(payload, 'base64url').toString()).not.toContain('phone');
});

test('the session ends with the token', async () => {
  const { headers } = await ask(`/?token=${await token()}`);
  const session = cookieOf(headers['set-cookie']);
  guard.later(590_000);
  expect((await ask('/queue', [session])).code).toBe(0);
  guard.later(60_000);
  expect((await ask('/queue', [session])).metadata['reason']).toBe('session-expired');
});

test.each<[string, readonly HeaderField[], object]>([
  ['a program', [['accept', '*/*']], {}],
  [
    'a fetch of a page',
    [
      ['accept', 'text/html'],
      ['sec-fetch-mode', 'cors'],
    ],
    {},
  ],
  [
    'a frame',
    [
      ['accept', 'text/html'],
      ['sec-fetch-mode', 'navigate'],
      ['sec-fetch-dest', 'iframe'],
    ],
    {},
  ],
  ['a form of another site', [...PAGE, ['origin', 'https://evil.example']], { method: 'POST' }],
  [
    'a WebSocket',
    [
      ['upgrade', 'websocket'],
      ['accept', 'text/html'],
    ],
    {},
  ],
])('%s uses the token as before, without a session', async (_, headers, parts) => {
  const path = `/queue?token=${await token()}`;
  const answer = await guard.ask(headers, { path, endpoint: 'api', ...parts });
  expect(answer.headers['x-funart-comfy-userid']).toBe('alice');
  expect(answer.removeQuery).toEqual(['token']);
  expect(answer.setCookie).toBeUndefined();
});

test("a link does not replace another user's session", async () => {
  const { headers } = await ask(`/?token=${await token()}`);
  const session = cookieOf(headers['set-cookie']);
  const answer = await ask(`/?token=${await token({ sub: 'mallory' })}`, [...PAGE, session]);
  expect(answer.metadata['reason']).toBe('credentials-ambiguous');
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test('a wrong token starts nothing, and leads to the sign-in of the site without it', async () => {
  const answer = await ask(`/?a=1&token=${await token({ aud: 'other' })}`, [
    ...PAGE,
    ['x-forwarded-proto', 'https'],
  ]);
  expect(answer.status).toBe(303);
  expect(answer.headers['set-cookie']).toBeUndefined();
  expect(answer.headers['location']).toBe(
    'https://portal.example.com/login?back=https%3A%2F%2Fcomfy.example.com%2F%3Fa%3D1',
  );
});

test.each(['//evil.example/?token=T', '/\\evil.example?token=T', '/.//evil.example?token=T'])(
  'the link %s leads nowhere else',
  async (path) => {
    expect((await ask(path.replace('T', await token()))).headers['location']).toBe('/');
  },
);
