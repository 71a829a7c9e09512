import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { aKey, aToken } from '../support/tokens.ts';
import { CookieJar } from './cookie-jar.ts';
import { anEndpoint, anIssuerEntry, aPortal, CALLBACK, type PortalStand } from './portal-stand.ts';
import { aScriptedProvider, type ScriptedProvider } from './scripted-provider.ts';

let provider: ScriptedProvider;
let portal: PortalStand;
let jar: CookieJar;

beforeAll(async () => {
  provider = await aScriptedProvider();
});
afterAll(() => provider.stop());
beforeEach(() => {
  provider.reset();
  open();
});
afterEach(() => {
  portal.close();
});

function open(changes: Parameters<typeof anIssuerEntry>[1] = {}): void {
  portal = aPortal(anEndpoint([anIssuerEntry(provider.issuer, changes)]));
  jar = new CookieJar();
}

/** Begins a sign-in, and lets the provider send the browser back with a code. */
async function signIn(query: Record<string, string> = {}): Promise<Response> {
  const { searchParams } = new URL(await portal.start(jar));
  provider.state.nonce = searchParams.get('nonce') ?? '';
  const back = new URLSearchParams({ code: 'the-code', state: searchParams.get('state') ?? '', ...query });
  return portal.send(jar, `${CALLBACK}?${back.toString()}`);
}

test('the stand signs in an honest person; the code goes to the token endpoint with the verifier', async () => {
  expect((await signIn()).status).toBe(303);
  expect(portal.signedIn[0]?.user).toBe('alice');
  expect(provider.state.authorization).toBe(
    `Basic ${Buffer.from('comfy:secret+of+the+client').toString('base64')}`,
  );
  expect(Object.fromEntries(provider.state.form)).toEqual({
    grant_type: 'authorization_code',
    code: 'the-code',
    redirect_uri: CALLBACK,
    code_verifier: expect.stringMatching(/^[\w-]{43,}$/) as string,
  });
});

test('a provider that accepts the secret only in the form gets it there', async () => {
  provider.state.metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
  await signIn();
  expect(provider.state.authorization).toBe('');
  expect(provider.state.form.get('client_secret')).toBe('secret of the client');
});

test('a public client sends no secret', async () => {
  portal.close();
  open({ secret: '' });
  await signIn();
  expect(portal.signedIn).toHaveLength(1);
  expect(provider.state.authorization).toBe('');
  expect(provider.state.form.get('client_id')).toBe('comfy');
});

const seconds = (): number => Math.floor(Date.now() / 1000);

test.each<[string, () => void | Promise<void>, string]>([
  ['for another client', () => void (provider.state.claims = { aud: 'other' }), 'provider-invalid'],
  [
    'of another issuer',
    () => void (provider.state.claims = { iss: 'https://evil.example.com' }),
    'provider-invalid',
  ],
  [
    'for two clients, made for the other',
    () => void (provider.state.claims = { aud: ['comfy', 'other'], azp: 'other' }),
    'provider-invalid',
  ],
  ['made for another client', () => void (provider.state.claims = { azp: 'other' }), 'token-refused'],
  ['with another nonce', () => void (provider.state.claims = { nonce: 'other' }), 'provider-invalid'],
  ['without a nonce', () => void (provider.state.claims = { nonce: undefined }), 'provider-invalid'],
  ['that has expired', () => void (provider.state.claims = { exp: seconds() - 3600 }), 'clock-wrong'],
  ['that is not valid yet', () => void (provider.state.claims = { nbf: seconds() + 3600 }), 'clock-wrong'],
  ['without sub', () => void (provider.state.claims = { sub: undefined }), 'provider-invalid'],
  ['whose sub is not usable', () => void (provider.state.claims = { sub: 'x'.repeat(201) }), 'user-refused'],
  ['that is an access token', () => void (provider.state.header = { typ: 'at+jwt' }), 'token-refused'],
  ['that is a logout token', () => void (provider.state.header = { typ: 'logout+jwt' }), 'token-refused'],
  ['of another key', async () => void (provider.state.key = await aKey('RS256')), 'token-refused'],
  ['of an unknown key', async () => void (provider.state.key = await aKey('RS256', 'new')), 'token-refused'],
  [
    'of an algorithm that the provider does not use',
    async () => void (provider.state.key = await aKey('ES256')),
    'provider-invalid',
  ],
])('an ID token %s is refused', async (_, lie, problem) => {
  await lie();
  const response = await signIn();
  expect([portal.problem(), portal.signedIn]).toEqual([problem, []]);
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.headers.getSetCookie().join()).not.toContain('hint');
});

test('an unsigned ID token is refused', async () => {
  provider.state.metadata = { id_token_signing_alg_values_supported: ['RS256', 'none'] };
  provider.state.token = async (response) => {
    const signed = await aToken(provider.key, {
      iss: provider.issuer,
      aud: 'comfy',
      nonce: provider.state.nonce,
    });
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    const id_token = `${header}.${signed.split('.')[1] ?? ''}.`;
    provider.json({ access_token: 'x', token_type: 'Bearer', id_token })(response);
  };
  await signIn();
  expect(portal.signedIn).toEqual([]);
  expect(portal.problem()).toMatch(/^(?:provider-invalid|token-refused)$/);
});

test.each([
  ['requiredClaims', 'requiredClaims: { email_verified: true }', {}, 'token-refused'],
  [
    'requiredClaims, fulfilled',
    'requiredClaims: { email_verified: true }',
    { email_verified: true },
    undefined,
  ],
  ['algorithms', 'algorithms: [ES256]', {}, 'provider-unavailable'],
  ['typ, which is for access tokens', 'typ: at+jwt', {}, undefined],
  [
    'clockTolerance, for a provider whose clock is late',
    'clockTolerance: 2m',
    { exp: seconds() - 60 },
    undefined,
  ],
])('the rules of the issuer apply to ID tokens: %s', async (_, rules, claims, problem) => {
  portal.close();
  open({ rules });
  provider.state.claims = claims;
  await signIn();
  expect([portal.problem(), portal.signedIn.length]).toEqual([problem, problem === undefined ? 1 : 0]);
});
