import { expect, test } from 'vitest';
import { aKey, aToken } from '../support/tokens.ts';
import { CALLBACK } from './portal-stand.ts';
import { useScriptedStand } from './scripted-stand.ts';

const at = useScriptedStand();

test('the stand signs in an honest person; the code goes to the token endpoint with the verifier', async () => {
  expect((await at.signIn()).status).toBe(303);
  expect(at.portal.signedIn[0]?.user).toBe('alice');
  expect(at.provider.state.authorization).toBe(
    `Basic ${Buffer.from('comfy:secret+of+the+client').toString('base64')}`,
  );
  expect(Object.fromEntries(at.provider.state.form)).toEqual({
    grant_type: 'authorization_code',
    code: 'the-code',
    redirect_uri: CALLBACK,
    code_verifier: expect.stringMatching(/^[\w-]{43,}$/) as string,
  });
});

test('a provider that accepts the secret only in the form gets it there', async () => {
  at.provider.state.metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
  await at.signIn();
  expect(at.provider.state.authorization).toBe('');
  expect(at.provider.state.form.get('client_secret')).toBe('secret of the client');
});

test('a public client sends no secret', async () => {
  at.portal.close();
  at.open({ secret: '' });
  await at.signIn();
  expect(at.portal.signedIn).toHaveLength(1);
  expect(at.provider.state.authorization).toBe('');
  expect(at.provider.state.form.get('client_id')).toBe('comfy');
});

const seconds = (): number => Math.floor(Date.now() / 1000);

test.each<[string, () => void | Promise<void>, string]>([
  ['for another client', () => void (at.provider.state.claims = { aud: 'other' }), 'provider-invalid'],
  [
    'of another issuer',
    () => void (at.provider.state.claims = { iss: 'https://evil.example.com' }),
    'provider-invalid',
  ],
  [
    'for two clients, made for the other',
    () => void (at.provider.state.claims = { aud: ['comfy', 'other'], azp: 'other' }),
    'provider-invalid',
  ],
  ['made for another client', () => void (at.provider.state.claims = { azp: 'other' }), 'token-refused'],
  ['with another nonce', () => void (at.provider.state.claims = { nonce: 'other' }), 'provider-invalid'],
  ['without a nonce', () => void (at.provider.state.claims = { nonce: undefined }), 'provider-invalid'],
  ['that has expired', () => void (at.provider.state.claims = { exp: seconds() - 3600 }), 'clock-wrong'],
  ['that is not valid yet', () => void (at.provider.state.claims = { nbf: seconds() + 3600 }), 'clock-wrong'],
  ['without sub', () => void (at.provider.state.claims = { sub: undefined }), 'provider-invalid'],
  [
    'whose sub is not usable',
    () => void (at.provider.state.claims = { sub: 'x'.repeat(201) }),
    'user-refused',
  ],
  ['that is an access token', () => void (at.provider.state.header = { typ: 'at+jwt' }), 'token-refused'],
  ['that is a logout token', () => void (at.provider.state.header = { typ: 'logout+jwt' }), 'token-refused'],
  ['of another key', async () => void (at.provider.state.key = await aKey('RS256')), 'token-refused'],
  [
    'of an unknown key',
    async () => void (at.provider.state.key = await aKey('RS256', 'new')),
    'token-refused',
  ],
  [
    'of an algorithm that the provider does not use',
    async () => void (at.provider.state.key = await aKey('ES256')),
    'provider-invalid',
  ],
])('an ID token %s is refused', async (_, lie, problem) => {
  await lie();
  const response = await at.signIn();
  expect([at.portal.problem(), at.portal.signedIn]).toEqual([problem, []]);
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.headers.getSetCookie().join()).not.toContain('hint');
});

test('an unsigned ID token is refused', async () => {
  at.provider.state.metadata = { id_token_signing_alg_values_supported: ['RS256', 'none'] };
  at.provider.state.token = async (response) => {
    const signed = await aToken(at.provider.key, {
      iss: at.provider.issuer,
      aud: 'comfy',
      nonce: at.provider.state.nonce,
    });
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    const id_token = `${header}.${signed.split('.')[1] ?? ''}.`;
    at.provider.json({ access_token: 'x', token_type: 'Bearer', id_token })(response);
  };
  await at.signIn();
  expect(at.portal.signedIn).toEqual([]);
  expect(at.portal.problem()).toMatch(/^(?:provider-invalid|token-refused)$/);
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
  at.portal.close();
  at.open({ rules });
  at.provider.state.claims = claims;
  await at.signIn();
  expect([at.portal.problem(), at.portal.signedIn.length]).toEqual([problem, problem === undefined ? 1 : 0]);
});

test.each([
  [undefined, 'select_account'],
  [['none', 'login', 'select_account'], 'select_account'],
  [['none', 'login', 'consent'], 'login'],
  [['none'], null],
  [[], null],
])('for another account, a provider that lists the prompts %j is asked for %s', async (supported, prompt) => {
  at.provider.state.metadata = { prompt_values_supported: supported };
  at.open();
  const url = await at.portal.start(at.jar, '?prompt=select_account');
  expect(new URL(url).searchParams.get('prompt')).toBe(prompt);
});
