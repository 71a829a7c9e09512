import { expect, test } from 'vitest';
import { browserAtProvider } from './at-provider.ts';
import { CALLBACK, HOST } from './portal-stand.ts';
import { useRealStand } from './real-stand.ts';

const at = useRealStand();

test('a person signs in at the provider, and comes back to where they wanted to go', async () => {
  const back = await browserAtProvider().signIn(await at.portal.start(at.jar, '?next=/?workflow=cat'));
  expect(back).toMatch(new RegExp(`^${CALLBACK}\\?code=`));
  const response = await at.portal.send(at.jar, back);
  expect([response.status, response.headers.get('location')]).toEqual([303, '/?workflow=cat']);
  expect(at.portal.signedIn).toMatchObject([
    { endpoint: 'studio', method: 'JWT', user: 'alice', identity: { userId: 'alice' } },
  ]);
  expect(at.portal.signedIn[0]?.claims).toMatchObject({
    iss: at.provider.issuer,
    sub: 'alice',
    aud: 'comfy',
  });
  expect([...at.jar.cookies.keys()]).toEqual(['__Secure-comfy_oidc_hint']);
});

test('the request to the provider has PKCE, state and nonce, and the cookie is for this browser only', async () => {
  const response = await at.portal.send(at.jar, '/_auth/oidc/start');
  const { searchParams } = new URL(response.headers.get('location') ?? '');
  expect(Object.fromEntries(searchParams)).toEqual({
    client_id: 'comfy',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: expect.stringMatching(/^.{40,}$/) as string,
    nonce: expect.stringMatching(/^.{40,}$/) as string,
    code_challenge: expect.stringMatching(/^.{40,}$/) as string,
    code_challenge_method: 'S256',
  });
  const [cookie = ''] = response.headers.getSetCookie();
  expect(cookie).toMatch(
    /^__Host-comfy_oidc_[\w-]{16}=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/,
  );
  for (const secret of ['state', 'nonce']) expect(cookie).not.toContain(searchParams.get(secret));
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('the session ends with the ID token, unless keepSession is set', async () => {
  const browser = browserAtProvider();
  await at.portal.send(at.jar, await browser.signIn(await at.portal.start(at.jar)));
  const endsMs = Number(at.portal.signedIn[0]?.claims?.['exp']) * 1000;
  expect(at.portal.signedIn[0]?.credentialEndsAtMs).toBe(endsMs + 30_000);

  const visit = { endpoint: 'other', host: 'other.example.com' };
  await at.portal.send(at.jar, await browser.signIn(await at.portal.start(at.jar, '', visit)), visit);
  expect(at.portal.signedIn[1]).toMatchObject({ endpoint: 'other' });
  expect(at.portal.signedIn[1]).not.toHaveProperty('credentialEndsAtMs');
});

test('sign-ins in several tabs do not disturb each other', async () => {
  const browser = browserAtProvider();
  const urls = [];
  for (let tab = 0; tab < 4; tab++) urls.push(await at.portal.start(at.jar, `?next=/tab-${tab}`));
  for (const [tab, url] of urls.entries()) {
    const response = await at.portal.send(at.jar, await browser.signIn(url));
    expect(response.headers.get('location')).toBe(`/tab-${tab}`);
  }
});

test('abandoned sign-ins do not fill the cookies of a browser', async () => {
  for (let tab = 0; tab < 40; tab++) await at.portal.start(at.jar);
  expect(at.jar.cookies.size).toBeLessThanOrEqual(13);
});

test('prompt is passed on for another account; an unknown one is not', async () => {
  const prompt = async (query: string) =>
    new URL(await at.portal.start(at.jar, query)).searchParams.get('prompt');
  expect(await prompt('?prompt=select_account')).toBe('select_account');
  expect(await prompt('?prompt=login')).toBe('login');
  expect(await prompt('?prompt=none')).toBeNull();
  expect(await prompt('?prompt=toString')).toBeNull();
});

test('a provider that cannot show a choice of accounts is asked for a password instead', async () => {
  const browser = browserAtProvider();
  const refused = await browser.signIn(await at.portal.start(at.jar, '?prompt=select_account&next=%2Fx'));
  expect(new URL(refused).searchParams.get('error')).toBe('invalid_request');
  const response = await at.portal.send(at.jar, refused);
  const again = new URL(response.headers.get('location') ?? '', CALLBACK);
  expect([response.status, again.pathname, again.searchParams.get('prompt')]).toEqual([303, '/_auth/oidc/start', 'login']); // prettier-ignore
  const done = await at.portal.send(
    at.jar,
    await browser.signIn(await at.portal.start(at.jar, again.search)),
  );
  expect(done.headers.get('location')).toBe('/x');
});

test.each(['https://evil.example.com/', '//evil.example.com', '/\\evil.example.com', '/_auth/sign-out'])(
  'after sign-in, no one is sent to %s',
  async (next) => {
    const url = await at.portal.start(at.jar, `?next=${encodeURIComponent(next)}`);
    const response = await at.portal.send(at.jar, await browserAtProvider().signIn(url));
    expect(response.headers.get('location')).toBe('/');
  },
);

test.each([
  ['another host', 'evil.example.com', 'address-unknown'],
  ['another port', `${HOST}:9999`, 'address-unknown'],
  ['a user name', `${HOST}@evil.example.com`, 'address-unknown'],
])('a Host header with %s never becomes the redirect URI', async (_, host, problem) => {
  const response = await at.portal.send(at.jar, '/_auth/oidc/start', { host });
  expect([response.status, at.portal.problem(), at.jar.cookies.size]).toEqual([421, problem, 0]);
});

test('the port of the gateway is kept in the redirect URI', async () => {
  const url = new URL(await at.portal.start(at.jar, '', { host: `${HOST}:8080`, scheme: 'http' }));
  expect(url.searchParams.get('redirect_uri')).toBe(`http://${HOST}:8080/_auth/oidc/callback`);
  expect([...at.jar.cookies.keys()][0]).toMatch(/^comfy_oidc_/);
});
