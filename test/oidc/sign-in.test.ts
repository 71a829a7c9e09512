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
  'after sign-in, nobody is sent to %s',
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

/** A response of the provider for this browser. */
async function aResponse(login = 'alice'): Promise<URL> {
  return new URL(await browserAtProvider().signIn(await portal.start(jar), login));
}

async function expectRefused(url: URL | string, problem: string, by = jar): Promise<void> {
  const response = await portal.send(by, String(url));
  expect(portal.problem()).toBe(problem);
  expect(portal.signedIn).toEqual([]);
  expect(response.status).toBeGreaterThanOrEqual(400);
  const page = await response.text();
  expect(page).toContain('<code>request-1</code>');
  expect(page).toContain('href="/_auth/oidc/start');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
}

test('a response works once: the code cannot be replayed, not even with the cookie', async () => {
  const back = await aResponse();
  const stolen = new CookieJar();
  for (const [name, cookie] of jar.cookies) stolen.cookies.set(name, cookie);
  await portal.send(jar, back.href);
  portal.signedIn.length = 0;
  await expectRefused(back, 'transaction-missing');
  await expectRefused(back, 'transaction-used', stolen);
});

test('a response in another browser is refused: nobody is signed in to the account of an attacker', async () => {
  await expectRefused(await aResponse('mallory'), 'transaction-missing', new CookieJar());
});

test('a code of another sign-in of the same browser is refused', async () => {
  const [mine, other] = [await aResponse('alice'), await aResponse('bob')];
  mine.searchParams.set('code', other.searchParams.get('code') ?? '');
  await expectRefused(mine, 'code-refused');
});

test.each([
  ['missing', (url: URL) => url.searchParams.delete('state')],
  ['unknown', (url: URL) => url.searchParams.set('state', 'x'.repeat(43))],
  ['repeated', (url: URL) => url.searchParams.append('state', 'x')],
])('a state that is %s is refused', async (_, spoil) => {
  const back = await aResponse();
  spoil(back);
  await expectRefused(back, 'transaction-missing');
});

test('a state with the cookie of another sign-in is refused', async () => {
  const first = await aResponse();
  const [[name, cookie] = ['', undefined]] = jar.cookies;
  jar = new CookieJar();
  const second = await aResponse();
  const [[own = ''] = []] = jar.cookies;
  jar.cookies.set(own, cookie!);
  expect(name).not.toBe(own);
  await expectRefused(second, 'transaction-missing');
  await expectRefused(first, 'transaction-missing');
});

test.each([
  ['of another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example.com')],
  ['missing, though this provider sends it', (url: URL) => url.searchParams.delete('iss')],
  ['repeated', (url: URL) => url.searchParams.append('iss', provider.issuer)],
])('an iss that is %s is refused', async (_, spoil) => {
  const back = await aResponse();
  spoil(back);
  await expectRefused(back, 'response-invalid');
});

test('a sign-in that began at another endpoint is refused', async () => {
  const back = await aResponse();
  const response = await portal.send(jar, back.href, { endpoint: 'other', host: 'other.example.com' });
  expect([response.status, portal.problem(), portal.signedIn]).toEqual([400, 'transaction-missing', []]);
});

test('a sign-in that began on https does not go on with a cookie that http can set', async () => {
  const back = await aResponse();
  const [[name = '', cookie] = []] = jar.cookies;
  jar = new CookieJar();
  jar.cookies.set(name.replace('__Host-', ''), cookie!);
  await expectRefused(back, 'transaction-missing');
});

test('a sign-in that took too long is refused', async () => {
  const back = await aResponse();
  portal.shift.ms = 16 * 60_000;
  await expectRefused(back, 'transaction-expired');
});

test('a cookie that was altered is refused', async () => {
  const back = await aResponse();
  for (const [name, { value, path }] of jar.cookies)
    jar.cookies.set(name, { value: `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`, path });
  await expectRefused(back, 'transaction-missing');
});

test('who cancels at the provider sees a page with a link to use another account', async () => {
  const state = new URL(await portal.start(jar)).searchParams.get('state') ?? '';
  const query = new URLSearchParams({ error: 'access_denied', state, iss: provider.issuer });
  const response = await portal.send(jar, `/_auth/oidc/callback?${query}`, {
    headers: { 'accept-language': 'zh-CN' },
  });
  expect([response.status, portal.problem()]).toEqual([403, 'access-denied']);
  const page = await response.text();
  expect(page).toContain('您尚未登录');
  expect(page).toContain('prompt=select_account');
});

test('text that a stranger puts into the response is not on the page', async () => {
  const state = new URL(await portal.start(jar)).searchParams.get('state') ?? '';
  const query = new URLSearchParams({
    error: '<b>x',
    error_description: '<script>',
    state,
    iss: provider.issuer,
  });
  const response = await portal.send(jar, `/_auth/oidc/callback?${query}`);
  expect(await response.text()).not.toMatch(/<script|<b>x/);
});

test('after the provider rotates its keys, people sign in at once', async () => {
  await provider.rotate('second');
  await portal.send(jar, (await aResponse()).href);
  expect(portal.signedIn).toHaveLength(1);
});
