import { hashSync } from '@node-rs/bcrypt';
import { beforeAll, expect, test } from 'vitest';
import type { HeaderField } from '../../src/http/request-head.ts';
import { aGuard } from '../support/guard.ts';
import { basic } from '../support/requests.ts';
import { aKey, aToken, ISSUER, type SigningKey } from '../support/tokens.ts';

// What went wrong in others’ gateways, tried here. What concerns Envoy is tried in test/envoy.
let key: SigningKey;
let guard: ReturnType<typeof aGuard>;
const USERS = `[{ username: alice, password: "${hashSync('tulip', 4)}" }]`;

beforeAll(async () => {
  key = await aKey('RS256');
  const endpoint = (name: string, auth: string) =>
    `  - { name: ${name}, domains: [${name}.example.com], upstream: "http://127.0.0.1:8188", multiTenant: true, auth: ${auth} }`;
  const jwt = (audience: string, claim: string, keys = [key.jwk]) =>
    `{ method: JWT, issuers: [{ issuer: "${ISSUER}", audience: ${audience}, jwks: { keys: ${JSON.stringify(keys)} } }],
       claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: ${claim} }] }`;
  guard = aGuard(`
sameUsers: true
endpoints:
${endpoint('one', jwt('one', 'sub'))}
${endpoint('two', jwt('two', 'sub'))}
${endpoint('mail', jwt('one', 'email'))}
${endpoint('other-key', jwt('one', 'sub', [(await aKey('RS256', 'another')).jwk]))}
${endpoint('list', `{ method: BASIC, users: ${USERS} }`)}
`);
});

const at = (name: string) => ({ host: `${name}.example.com` });
const bearer = (token: string): HeaderField => ['authorization', `Bearer ${token}`];

test('a decision cached by one endpoint is not used by another (CVE-2021-32701, CVE-2026-33496)', async () => {
  const token = bearer(await aToken(key, { aud: 'one', email: 'a@example.com' }));
  for (let times = 0; times < 2; times++) {
    expect(await guard.authorize([token], at('one'))).toEqual({ user: 'alice' });
    expect(await guard.authorize([token], at('mail'))).toEqual({ user: 'a@example.com' });
    expect(await guard.authorize([token], at('two'))).toMatchObject({ refused: 'audience-wrong' });
    expect(await guard.authorize([token], at('other-key'))).toMatchObject({ refused: 'key-unknown' });
    expect(await guard.authorize([token], at('list'))).toMatchObject({ refused: 'scheme-unsupported' });
  }
});

test('similar tokens are not confused with each other (CVE-2026-35039)', async () => {
  const ids = ['a', 'b', 'a.b', 'ab', 'a:b', 'a,b'];
  const tokens = await Promise.all(ids.map((sub) => aToken(key, { aud: 'one', sub, jti: 'same' })));
  for (let times = 0; times < 2; times++) {
    for (const [index, token] of tokens.entries()) {
      expect(await guard.authorize([bearer(token)], at('one'))).toEqual({
        user: encodeURIComponent(ids[index] ?? ''),
      });
    }
  }
});

test.each([
  ['x-forwarded-uri', '/robots.txt', 'CVE-2026-40575, CVE-2026-76835'],
  ['x-original-url', '/robots.txt', 'CVE-2026-40575'],
  ['x-original-uri', '/robots.txt', 'CVE-2026-40575'],
  ['x-rewrite-url', '/robots.txt', 'CVE-2026-40575'],
  ['x-envoy-original-path', '/robots.txt', 'CVE-2023-27487'],
  ['x-forwarded-prefix', '/public', 'CVE-2026-35051'],
  ['x-forwarded-method', 'OPTIONS', 'CVE-2026-40575'],
  ['x-http-method-override', 'OPTIONS', 'CVE-2026-40575'],
  ['x-forwarded-host', 'one.example.com', 'CVE-2026-39858'],
  ['forwarded', 'for=127.0.0.1;host=one.example.com', 'CVE-2026-39858'],
  ['user-agent', 'GoogleHC/1.0', 'CVE-2026-34457'],
  ['user-agent', 'kube-probe/1.31', 'CVE-2026-34457'],
  ['x-envoy-internal', 'true', 'CVE-2024-45806'],
  ['x-forwarded-for', '127.0.0.1', 'CVE-2024-47070, CVE-2023-36456'],
  ['x-forwarded-user', 'alice', 'CVE-2026-33433'],
  ['x_funart_comfy_userid', 'alice', 'CVE-2026-54763'],
  ['remote-user', 'alice', 'CVE-2026-33433'],
])('no header bypasses authentication: %s: %s (%s)', async (name, value) => {
  for (const endpoint of ['one', 'list']) {
    expect(await guard.authorize([[name, value]], at(endpoint))).toEqual({
      refused: 'credentials-missing',
      status: 401,
    });
  }
});

test('no header changes the address of a guessing client (CVE-2024-47070, CVE-2023-36456)', async () => {
  const statuses = new Set<number>();
  for (let n = 0; n < 12; n++) {
    const claimed = `203.0.113.${n}`;
    const headers = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'true-client-ip', 'cf-connecting-ip'].map(
      (name): HeaderField => [name, claimed],
    );
    const answer = await guard.ask([['authorization', basic('alice', `guess-${n}`)], ...headers], {
      ...at('list'),
      peer: '198.51.100.77',
    });
    statuses.add(answer.status ?? 0);
  }
  expect([...statuses]).toEqual([401, 429]);
});

test.each([
  ['a Bearer token joined to another', async () => `Bearer ${await aToken(key, { aud: 'one' })},Bearer x`],
  ['a Basic line joined to a token', async () => `Bearer ${await aToken(key, { aud: 'one' })},Basic eDp5`],
])('%s is rejected (CVE-2025-64527)', async (_, value) => {
  const verdict = await guard.authorize([['authorization', await value()]], at('one'));
  expect(verdict).toMatchObject({ status: 401 });
});

test('bytes that Envoy replaces by "!" are not valid credentials (GHSA-9g5w-hqr3-w2ph)', async () => {
  const token = await aToken(key, { aud: 'one' });
  for (const value of [`Bearer !!${token}`, `Bearer ${token}!`, `Bearer ${token.replace('.', '!')}`])
    expect(await guard.authorize([['authorization', value]], at('one'))).toMatchObject({ status: 401 });
  const encoded = basic('alice', 'tulip');
  for (const value of [`${encoded}!!`, encoded.replace('YWxp', 'YW!p')])
    expect(await guard.authorize([['authorization', value]], at('list'))).toMatchObject({ status: 401 });
});

test('a request without path or method is checked like any other (CVE-2026-73547)', async () => {
  expect(await guard.authorize([], { ...at('list'), path: '', method: '' })).toMatchObject({ status: 401 });
  const signedIn: HeaderField = ['authorization', basic('alice', 'tulip')];
  expect(await guard.authorize([signedIn], { ...at('list'), path: '' })).toEqual({ user: 'alice' });
});

test.each(['default', '..', '../bob', '/etc', 'a/../b', '', '\0', 'a\\b', 'CON', '.'])(
  'an id that is no safe folder (%j) is encoded or refused, and never the one that all share',
  async (sub) => {
    const verdict = await guard.authorize([bearer(await aToken(key, { aud: 'one', sub }))], at('one'));
    const user = 'user' in verdict ? verdict.user : 'refused';
    expect(user).toMatch(/^[A-Za-z0-9%][A-Za-z0-9%._~+@-]*$/);
    expect(user).not.toBe('default');
  },
);

test('credentials of another endpoint do not reach ComfyUI either', async () => {
  const others = aGuard(`
sameUsers: true
endpoints:
  - name: list
    domains: [list.example.com]
    upstream: "http://127.0.0.1:8188"
    multiTenant: true
    auth: { method: BASIC, users: ${USERS} }
  - name: api
    domains: [api.example.com]
    upstream: "http://127.0.0.1:8188"
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${ISSUER}", audience: one, jwks: { keys: ${JSON.stringify([key.jwk])} } }]
      tokenLookup:
        - { location: HEADER, name: X-Api-Token }
        - { location: COOKIE, name: comfy_token }
        - { location: QUERY, name: token }
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
`);
  const answer = await others.ask(
    [
      ['authorization', basic('alice', 'tulip')],
      ['x-api-token', 'secret'],
      ['cookie', 'theme=dark; comfy_token=secret'],
    ],
    { ...at('list'), path: '/queue?token=secret' },
  );
  expect(answer.headers).toMatchObject({ cookie: 'theme=dark', 'x-funart-comfy-userid': 'alice' });
  expect(answer.remove).toContain('x-api-token');
  expect(answer.removeQuery).toContain('token');
  others.close();
});
