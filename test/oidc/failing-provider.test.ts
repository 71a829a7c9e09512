import { expect, test } from 'vitest';
import type { ScriptedProvider } from './scripted-provider.ts';
import { useScriptedStand } from './scripted-stand.ts';

const at = useScriptedStand();

test.each<[string, () => void, string]>([
  [
    'refuses the code',
    () => void (at.provider.state.token = respond({ error: 'invalid_grant' }, 400)),
    'code-refused',
  ],
  [
    'refuses the client',
    () => void (at.provider.state.token = respond({ error: 'invalid_client' }, 401)),
    'provider-invalid',
  ],
  [
    'sends no ID token',
    () => void (at.provider.state.token = respond({ access_token: 'x', token_type: 'Bearer' })),
    'provider-invalid',
  ],
  ['sends what is not JSON', () => void (at.provider.state.token = text('<html>')), 'provider-invalid'],
  [
    'sends a huge document',
    () => void (at.provider.state.token = text(`"${'x'.repeat(600 * 1024)}"`)),
    'provider-unavailable',
  ],
  ['redirects', () => void (at.provider.state.token = redirect), 'provider-unavailable'],
  ['breaks down', () => void (at.provider.state.token = respond({}, 500)), 'provider-invalid'],
  ['hangs up', () => void (at.provider.state.token = hangUp), 'provider-unavailable'],
])('a token endpoint that %s leads to a page', async (_, spoil, problem) => {
  spoil();
  const response = await at.signIn();
  expect([at.portal.problem(), at.portal.signedIn]).toEqual([problem, []]);
  expect(await response.text()).toContain('href="/_auth/oidc/start');
});

type Token = ScriptedProvider['state']['token'];
const respond =
  (content: unknown, status = 200): Token =>
  (response) => {
    at.provider.json(content, status)(response);
    return Promise.resolve();
  };
const text =
  (content: string): Token =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(content);
    return Promise.resolve();
  };
const redirect: Token = (response) => {
  response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  return Promise.resolve();
};
const hangUp: Token = (response) => {
  response.destroy();
  return Promise.resolve();
};

test.each<[string, Record<string, unknown> | Token, string]>([
  ['names another issuer', { issuer: 'https://evil.example.com' }, 'provider-invalid'],
  ['has no authorization endpoint', { authorization_endpoint: undefined }, 'provider-invalid'],
  ['sends people to a script', { authorization_endpoint: 'javascript:alert(1)' }, 'provider-invalid'],
  [
    'has its token endpoint at a metadata address',
    { token_endpoint: 'http://169.254.169.254/' },
    'provider-invalid',
  ],
  [
    'accepts no secret that we can send',
    { token_endpoint_auth_methods_supported: ['private_key_jwt'] },
    'provider-invalid',
  ],
  ['is huge', (response) => text(`"${'x'.repeat(600 * 1024)}"`)(response), 'provider-unavailable'],
  ['is not JSON', (response) => text('<html>')(response), 'provider-unavailable'],
  ['is a list', (response) => text('[]')(response), 'provider-invalid'],
  ['is a redirect', (response) => redirect(response), 'provider-unavailable'],
  ['is an error', (response) => respond({}, 500)(response), 'provider-unavailable'],
  ['is not sent', (response) => hangUp(response), 'provider-unavailable'],
])('a discovery document that %s leads to a page', async (_, lie, problem) => {
  if (typeof lie === 'function') at.provider.state.discovery = (response) => void lie(response);
  else at.provider.state.metadata = lie;
  const response = await at.portal.send(at.jar, '/_auth/oidc/start');
  expect([at.portal.problem(), response.headers.get('location')]).toEqual([problem, null]);
  expect(await response.text()).toContain('request-1');
});

test('a provider that hangs is given up, and others need not wait for it', async () => {
  at.provider.state.discovery = () => undefined;
  const begun = performance.now();
  const hanging = at.portal.send(at.jar, '/_auth/oidc/start');
  expect((await at.portal.send(at.jar, '/_auth/oidc/signed-out')).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(4000);
  expect((await hanging).status).toBe(503);
});

test('a provider that is down is asked by one of many', async () => {
  at.provider.state.discovery = (response) => void respond({}, 500)(response);
  const asked = (): number => at.provider.state.asked.filter((path) => path.includes('openid')).length;
  await expect.poll(asked).toBeGreaterThan(0); // For the keys.
  const before = asked();
  const responses = await Promise.all(
    Array.from({ length: 20 }, () => at.portal.send(at.jar, '/_auth/oidc/start')),
  );
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([503]));
  expect(asked() - before).toBeLessThanOrEqual(2); // Once here, perhaps once more for the keys.
});

test('nothing that is secret is in the log or on a page, whatever the provider says', async () => {
  const state = { secret: 'secret of the client', code: 'the-code' };
  at.provider.state.token = (response) => {
    const echo = [...at.provider.state.form.values(), state.secret, at.provider.state.nonce].join(' ');
    return respond({ error: 'invalid_grant', error_description: echo }, 400)(response);
  };
  const page = await (await at.signIn()).text();
  const verifier = at.provider.state.form.get('code_verifier') ?? '';
  expect(verifier).not.toBe('');
  for (const secret of [state.secret, state.code, verifier, at.provider.state.nonce]) {
    expect(at.portal.failures.at(-1)?.error.message).not.toContain(secret);
    expect(page).not.toContain(secret);
  }
});
