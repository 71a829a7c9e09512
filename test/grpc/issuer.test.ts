import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { anIssuer, keysOf, type Answer } from '../support/issuer.ts';
import { aKey, aToken, type SigningKey } from '../support/tokens.ts';

// A real issuer on the network, and everything that can become of it.
let first: SigningKey;
let second: SigningKey;
let issuer: Awaited<ReturnType<typeof anIssuer>>;
beforeAll(async () => {
  first = await aKey('ES256', 'first');
  second = await aKey('ES256', 'second');
});
beforeEach(async () => {
  issuer = await anIssuer(keysOf(first));
});
afterEach(() => {
  issuer.stop();
});

const JWKS = 'jwks: { url: ISSUER/jwks, allowHttp: true, maxStale: 1h }';

const GARBAGE: readonly (readonly [string, Answer])[] = [
  ['is broken', (response) => void response.writeHead(500).end('{}')],
  ['hangs up', (response) => void response.destroy()],
  ['answers a page', (response) => void response.end('<html>')],
  ['answers nothing', (response) => void response.end()],
  ['answers null', (response) => void response.end('null')],
  ['answers no list of keys', (response) => void response.end('{"keys":{"kid":"first"}}')],
  ['answers without an end', (response) => void response.write(`"${'x'.repeat(1024 * 1024)}`)],
  ['sends elsewhere', (response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
  ['answers half of it', (response) => { response.setHeader('content-length', 1000).write('{"keys":['); response.destroy(); }], // prettier-ignore
];

test.each(GARBAGE)('an issuer that %s at startup denies all tokens, and is asked again', async (_, fault) => {
  issuer.says(fault);
  issuer.trust(JWKS);
  const token = await issuer.token(first);
  expect(await issuer.ask(token)).toBe(503);
  expect(issuer.asked).not.toContain('/elsewhere');
  issuer.says(keysOf(first));
  await expect.poll(() => issuer.ask(token)).toBe(200);
});

test.each(GARBAGE)('an issuer that %s later denies no token whose key is known', async (_, fault) => {
  issuer.trust(JWKS);
  expect(await issuer.authorize(await issuer.token(first))).toEqual({ user: 'alice' });
  issuer.says(fault);
  expect(await issuer.authorize(await issuer.token(second))).toEqual({ refused: 'key-unknown', status: 401 });
  expect(issuer.asked).toEqual(['/jwks', '/jwks']);
  expect(await issuer.authorize(await issuer.token(first, { sub: 'bob' }))).toEqual({ user: 'bob' });
});

test('a silent issuer delays checks until its timeout only, and cached users not at all', async () => {
  issuer.trust(JWKS);
  expect(await issuer.authorize(await issuer.token(first))).toEqual({ user: 'alice' });
  issuer.says((response) => void response.write('{"keys":'));
  let over = false;
  const unknown = issuer.token(second).then(issuer.authorize).finally(() => (over = true)); // prettier-ignore
  await expect.poll(() => issuer.asked.length).toBe(2);
  for (let n = 0; n < 10; n++) {
    expect(await issuer.authorize(await issuer.token(first, { sub: `user-${n}` }))).toEqual({
      user: `user-${n}`,
    });
  }
  expect(over).toBe(false);
  expect(await unknown).toEqual({ refused: 'key-unknown', status: 401 });
});

test('keys that change under load fail no valid request, and are fetched once for all', async () => {
  issuer.trust(JWKS, 2);
  await issuer.authorize(await issuer.token(first));
  expect(issuer.asked).toHaveLength(1);
  issuer.says(keysOf(first, second));
  const verdicts = await Promise.all(
    Array.from({ length: 400 }, async (_, n) => {
      const key = n % 3 === 0 ? second : first;
      return [
        await issuer.authorize(await issuer.token(key, { sub: `user-${n}` }), n % 2),
        { user: `user-${n}` },
      ];
    }),
  );
  for (const [verdict, expected] of verdicts) expect(verdict).toEqual(expected);
  expect(issuer.asked).toHaveLength(2);
});

test('a storm of invented key ids causes one fetch per cooldown, and does not slow users', async () => {
  issuer.trust(JWKS);
  await issuer.authorize(await issuer.token(first));
  const stranger = await aKey('ES256', 'first');
  for (let round = 1; round <= 3; round++) {
    const storm = Array.from({ length: 200 }, async (_, n) =>
      issuer.authorize(await aToken(stranger, { iss: issuer.origin }, { kid: `unknown-${round}-${n}` })),
    );
    const good = Array.from({ length: 20 }, async (_, n) =>
      issuer.authorize(await issuer.token(first, { sub: `user-${n}` })),
    );
    for (const verdict of await Promise.all(storm))
      expect(verdict).toEqual({ refused: 'key-unknown', status: 401 });
    for (const [n, verdict] of (await Promise.all(good)).entries())
      expect(verdict).toEqual({ user: `user-${n}` });
    expect(issuer.asked).toHaveLength(1 + round);
    issuer.later(31_000);
  }
});

test('a clock that is set back does not extend the cooldown', async () => {
  issuer.trust(JWKS);
  expect(await issuer.authorize(await issuer.token(second))).toMatchObject({ refused: 'key-unknown' });
  const fetches = issuer.asked.length;
  issuer.later(-86_400_000);
  issuer.says(keysOf(first, second));
  expect(await issuer.authorize(await issuer.token(second, { sub: 'bob', iat: undefined }))).toEqual({
    user: 'bob',
  });
  expect(issuer.asked).toHaveLength(fetches + 1);
});

test('keys past their age and maxStale are fetched at once, and without an answer checks get 503', async () => {
  issuer.trust(JWKS);
  let jti = 0;
  const fresh = () => issuer.token(first, { exp: Math.floor(Date.now() / 1000) + 86_400, jti: `${jti++}` });
  expect(await issuer.ask(await fresh())).toBe(200);
  issuer.says((response) => void response.destroy());
  issuer.later(600_000 + 3_599_000);
  expect(await issuer.ask(await fresh())).toBe(200);
  issuer.later(2000);
  expect(await issuer.ask(await fresh())).toBe(503);
  issuer.later(31_000);
  issuer.says(keysOf(first));
  expect(await issuer.ask(await fresh())).toBe(200);
});
