import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { browserAtProvider } from './at-provider.ts';
import { CookieJar } from './cookie-jar.ts';
import { anEndpoint, anIssuerEntry, aPortal, CALLBACK, HOST, type PortalStand } from './portal-stand.ts';
import { startProvider, type RealProvider } from './real-provider.ts';

let provider: RealProvider;
let portal: PortalStand;
let jar: CookieJar;

beforeAll(async () => {
  provider = await startProvider({
    redirect_uris: [CALLBACK, 'https://other.example.com/_auth/oidc/callback'],
  });
  portal = aPortal(
    anEndpoint([anIssuerEntry(provider.issuer)]) +
      anEndpoint([anIssuerEntry(provider.issuer, { oidc: 'keepSession: true' })], {
        name: 'other',
        host: 'other.example.com',
      }) +
      'sameUsers: true\n',
  );
});
afterAll(async () => {
  portal.close();
  await provider.stop();
});
beforeEach(() => {
  jar = new CookieJar();
  portal.signedIn.length = 0;
  portal.failures.length = 0;
  portal.shift.ms = 0;
});

test('a person signs in at the provider, and comes back to where they wanted to go', async () => {
  const back = await browserAtProvider().signIn(await portal.start(jar, '?next=/?workflow=cat'));
  expect(back).toMatch(new RegExp(`^${CALLBACK}\\?code=`));
  const response = await portal.send(jar, back);
  expect([response.status, response.headers.get('location')]).toEqual([303, '/?workflow=cat']);
  expect(portal.signedIn).toMatchObject([
    { endpoint: 'studio', method: 'JWT', user: 'alice', identity: { userId: 'alice' } },
  ]);
  expect(portal.signedIn[0]?.claims).toMatchObject({ iss: provider.issuer, sub: 'alice', aud: 'comfy' });
  expect([...jar.cookies.keys()]).toEqual(['__Secure-comfy_oidc_hint']);
});

test('the request to the provider has PKCE, state and nonce, and the cookie is for this browser only', async () => {
  const response = await portal.send(jar, '/_auth/oidc/start');
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
  await portal.send(jar, await browser.signIn(await portal.start(jar)));
  const endsMs = Number(portal.signedIn[0]?.claims?.['exp']) * 1000;
  expect(portal.signedIn[0]?.credentialEndsAtMs).toBe(endsMs + 30_000);

  const visit = { endpoint: 'other', host: 'other.example.com' };
  await portal.send(jar, await browser.signIn(await portal.start(jar, '', visit)), visit);
  expect(portal.signedIn[1]).toMatchObject({ endpoint: 'other' });
  expect(portal.signedIn[1]).not.toHaveProperty('credentialEndsAtMs');
});

test('sign-ins in several tabs do not disturb each other', async () => {
  const browser = browserAtProvider();
  const urls = [];
  for (let tab = 0; tab < 4; tab++) urls.push(await portal.start(jar, `?next=/tab-${tab}`));
  for (const [tab, url] of urls.entries()) {
    const response = await portal.send(jar, await browser.signIn(url));
    expect(response.headers.get('location')).toBe(`/tab-${tab}`);
  }
});

test('abandoned sign-ins do not fill the cookies of a browser', async () => {
  for (let tab = 0; tab < 40; tab++) await portal.start(jar);
  expect(jar.cookies.size).toBeLessThanOrEqual(13);
});

test('prompt is passed on for another account; an unknown one is not', async () => {
  const prompt = async (query: string) => new URL(await portal.start(jar, query)).searchParams.get('prompt');
  expect(await prompt('?prompt=select_account')).toBe('select_account');
  expect(await prompt('?prompt=login')).toBe('login');
  expect(await prompt('?prompt=none')).toBeNull();
  expect(await prompt('?prompt=toString')).toBeNull();
});

test.each(['https://evil.example.com/', '//evil.example.com', '/\\evil.example.com', '/_auth/sign-out'])(
  'after sign-in, no one is sent to %s',
  async (next) => {
    const url = await portal.start(jar, `?next=${encodeURIComponent(next)}`);
    const response = await portal.send(jar, await browserAtProvider().signIn(url));
    expect(response.headers.get('location')).toBe('/');
  },
);

test.each([
  ['another host', 'evil.example.com', 'address-unknown'],
  ['another port', `${HOST}:9999`, 'address-unknown'],
  ['a user name', `${HOST}@evil.example.com`, 'address-unknown'],
])('a Host header with %s never becomes the redirect URI', async (_, host, problem) => {
  const response = await portal.send(jar, '/_auth/oidc/start', { host });
  expect([response.status, portal.problem(), jar.cookies.size]).toEqual([421, problem, 0]);
});

test('the port of the gateway is kept in the redirect URI', async () => {
  const url = new URL(await portal.start(jar, '', { host: `${HOST}:8080`, scheme: 'http' }));
  expect(url.searchParams.get('redirect_uri')).toBe(`http://${HOST}:8080/_auth/oidc/callback`);
  expect([...jar.cookies.keys()][0]).toMatch(/^comfy_oidc_/);
});
