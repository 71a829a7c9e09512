import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { anIssuer, keysOf } from '../support/issuer.ts';
import { aKey, AUDIENCE, type SigningKey } from '../support/tokens.ts';

// An issuer whose keys are where its discovery document says.
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

const DISCOVERED = 'jwks: { discover: true, allowHttp: true }';

test('two issuers that are discovered each have their own keys', async () => {
  const keys = keysOf(first);
  const others = keysOf(second);
  issuer.says((response, path) => {
    const name = path.startsWith('/other') ? `${issuer.origin}/other` : issuer.origin;
    if (path === '/jwks') keys(response, path);
    else if (path === '/other/jwks') others(response, path);
    else response.end(JSON.stringify({ issuer: name, jwks_uri: `${name}/jwks` }));
  });
  issuer.trust(
    `${DISCOVERED} }, { issuer: "ISSUER/other", audience: ${AUDIENCE}, userIdPrefix: other, ${DISCOVERED}`,
  );
  expect(await issuer.authorize(await issuer.token(first))).toEqual({ user: 'alice' });
  expect(await issuer.authorize(await issuer.token(second))).toMatchObject({ refused: 'key-unknown' });
  expect(await issuer.authorize(await issuer.token(second, { iss: `${issuer.origin}/other` }))).toEqual({
    user: 'other~alice',
  });
  expect(await issuer.authorize(await issuer.token(first, { iss: `${issuer.origin}/other` }))).toMatchObject({
    refused: 'key-unknown',
  });
});

test.each([
  ['of another issuer', () => ({ issuer: 'https://evil.example', jwks_uri: `${issuer.origin}/jwks` })],
  [
    'of the issuer with a slash more',
    () => ({ issuer: `${issuer.origin}/`, jwks_uri: `${issuer.origin}/jwks` }),
  ],
  ['without issuer', () => ({ jwks_uri: `${issuer.origin}/jwks` })],
  ['without keys', () => ({ issuer: issuer.origin })],
  ['with keys in a file', () => ({ issuer: issuer.origin, jwks_uri: 'file:///etc/passwd' })],
  [
    'with keys at a metadata address',
    () => ({ issuer: issuer.origin, jwks_uri: 'http://169.254.169.254/jwks' }),
  ],
  ['with a list of keys', () => ({ issuer: issuer.origin, jwks_uri: [`${issuer.origin}/jwks`] })],
])('a discovery document %s leads to no keys', async (_, document) => {
  const keys = keysOf(first);
  issuer.says((response, path) => {
    if (path === '/jwks') keys(response, path);
    else response.end(JSON.stringify(document()));
  });
  issuer.trust(DISCOVERED);
  expect(await issuer.ask(await issuer.token(first))).toBe(503);
  expect(issuer.asked).not.toContain('/jwks');
});

test('what a good discovery document names is fetched', async () => {
  const keys = keysOf(first);
  issuer.says((response, path) => {
    if (path === '/jwks') keys(response, path);
    else response.end(JSON.stringify({ issuer: issuer.origin, jwks_uri: `${issuer.origin}/jwks` }));
  });
  issuer.trust(DISCOVERED);
  expect(await issuer.ask(await issuer.token(first))).toBe(200);
  expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/jwks']);
});
