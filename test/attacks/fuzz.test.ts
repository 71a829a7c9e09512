import { hashSync } from '@node-rs/bcrypt';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { parseHtpasswd } from '../../src/basic/htpasswd.ts';
import type { HeaderField } from '../../src/http/request-head.ts';
import { ASYMMETRIC, usableKeys } from '../../src/jwt/usable-keys.ts';
import { aGuard } from '../support/guard.ts';
import { basic } from '../support/requests.ts';
import { aKey, aToken, AUDIENCE, ISSUER } from '../support/tokens.ts';

let guard: ReturnType<typeof aGuard>;
let tokens: Record<string, string>;
beforeAll(async () => {
  const key = await aKey('ES256');
  guard = aGuard(`
endpoints:
  - name: api
    domains: [api.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks: { keys: [${JSON.stringify(key.jwk)}] } }]
      tokenLookup:
        - { location: HEADER, name: Authorization, prefix: "Bearer " }
        - { location: COOKIE, name: token }
        - { location: QUERY, name: token }
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
  - name: list
    domains: [list.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
sameUsers: true
`);
  tokens = { alice: await aToken(key), bob: await aToken(key, { sub: 'bob' }) };
});

/** One change somewhere in a text: a character more, less or another. */
const change = fc.record({
  at: fc.nat(),
  remove: fc.integer({ min: 0, max: 2 }),
  insert: fc.string({ unit: 'binary', maxLength: 2 }),
});
type Change = { at: number; remove: number; insert: string };
function changed(text: string, { at, remove, insert }: Change): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + insert + text.slice(place + remove);
}
const api = { host: 'api.example.com' };

test('a modified token is rejected, or still belongs to the same user', async () => {
  await fc.assert(
    fc.asyncProperty(change, fc.boolean(), async (spoil, inCookie) => {
      const token = changed(tokens['alice'] ?? '', spoil);
      const header: HeaderField = inCookie
        ? ['cookie', `token=${token}`]
        : ['authorization', `Bearer ${token}`];
      const verdict = await guard.authorize([header], api);
      if ('user' in verdict) expect(verdict.user).toBe('alice');
      else expect(verdict.status).toBe(401);
    }),
    { numRuns: 3000 },
  );
});

test('parts of two tokens do not make a third', async () => {
  const piece = fc.constantFrom(0, 1, 2);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), piece), { maxLength: 4 }), async (pieces) => {
      const token = pieces.map(([whose, n]) => tokens[whose ? 'alice' : 'bob']?.split('.')[n]).join('.');
      const verdict = await guard.authorize([['authorization', `Bearer ${token}`]], api);
      const whole = Object.entries(tokens).find(([, text]) => text === token)?.[0];
      expect(verdict).toEqual(
        whole === undefined ? { refused: expect.any(String) as string, status: 401 } : { user: whole },
      );
    }),
    { numRuns: 1000 },
  );
});

test('a modified Basic header is accepted only with the right password', async () => {
  await fc.assert(
    fc.asyncProperty(change, async (spoil) => {
      const value = changed(basic('alice', 'tulip'), spoil);
      const peer = `10.${spoil.at % 250}.${(spoil.at >> 8) % 250}.${(spoil.at >> 16) % 250}`;
      const verdict = await guard.authorize([['authorization', value]], { host: 'list.example.com', peer });
      if (!('user' in verdict)) return;
      const said = Buffer.from(value.replace(/^basic\s+/i, ''), 'base64').toString();
      expect([verdict.user, said]).toEqual(['alice', 'alice:tulip']);
    }),
    { numRuns: 500 },
  );
});

const NAMES = [
  'authorization',
  'cookie',
  'connection',
  'upgrade',
  'origin',
  'x-forwarded-for',
  'host',
  'x-token',
];
const VALUES = [
  '',
  ',',
  'Bearer ',
  'Basic ',
  'token=',
  'token=x; token=y',
  'Basic YTpi',
  'null',
  'websocket',
  '\0',
  'é',
];
const headers = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'binary' })),
    fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary' })),
  ),
  { maxLength: 6 },
);

test('any request without credentials is denied, never a failure', async () => {
  const request = fc.record({
    path: fc.oneof(
      fc.constantFrom('/', '/ws?token=', '/?tok%65n=x', '/?%', '/%zz?token=%zz'),
      fc.string({ unit: 'binary' }),
    ),
    host: fc.oneof(
      fc.constantFrom('api.example.com', 'list.example.com', '*', ''),
      fc.string({ unit: 'binary' }),
    ),
    method: fc.oneof(fc.constantFrom('GET', 'POST', 'HEAD'), fc.string()),
    peer: fc.string(),
  });
  await fc.assert(
    fc.asyncProperty(headers, request, async (sent, parts) => {
      const verdict = await guard.authorize(sent, parts);
      expect(verdict).toMatchObject({
        status: expect.toSatisfy((status: number) => status >= 400) as number,
      });
    }),
    { numRuns: 3000 },
  );
});

test('for any users file, invalid lines are reported and nothing is thrown', () => {
  const line = fc.oneof(
    fc.constantFrom('alice:$apr1$x$y', ':', '#', 'a:b', '\r', '\0', ' a : b'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.join('\n');
      const { users, faults } = parseHtpasswd(text);
      for (const { username, hash } of users) expect(text).toContain(`${username}:${hash}`);
      for (const { line } of faults) expect(line).toBeLessThanOrEqual(text.split('\n').length);
    }),
    { numRuns: 2000 },
  );
});

test('any document gives keys that can verify, or is reported as not a JWKS', () => {
  const key = fc.oneof(
    fc.jsonValue(),
    fc.record({ kty: fc.constantFrom('RSA', 'EC', 'OKP', 'oct', 'x'), kid: fc.jsonValue(), n: fc.jsonValue(), crv: fc.jsonValue(), k: fc.string(), use: fc.jsonValue(), key_ops: fc.jsonValue() }, { requiredKeys: ['kty'] }), // prettier-ignore
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ keys: fc.array(key) })), (document) => {
      try {
        const { jwks } = usableKeys(document, ASYMMETRIC);
        for (const usable of jwks.keys) expect(['RSA', 'EC', 'OKP']).toContain(usable.kty);
      } catch (error) {
        expect(String(error)).toMatch(/is not a JWKS/);
      }
    }),
    { numRuns: 2000 },
  );
});
