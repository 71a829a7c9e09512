import { expect, test } from 'vitest';
import { browserAtProvider } from './at-provider.ts';
import { CookieJar } from './cookie-jar.ts';
import { useRealStand } from './real-stand.ts';

const at = useRealStand();

/** A response of the provider for this browser. */
async function aResponse(login = 'alice'): Promise<URL> {
  return new URL(await browserAtProvider().signIn(await at.portal.start(at.jar), login));
}

async function expectRefused(url: URL | string, problem: string, by = at.jar): Promise<void> {
  const response = await at.portal.send(by, String(url));
  expect(at.portal.problem()).toBe(problem);
  expect(at.portal.signedIn).toEqual([]);
  expect(response.status).toBeGreaterThanOrEqual(400);
  const page = await response.text();
  expect(page).toContain('<code>request-1</code>');
  expect(page).toContain('href="/_auth/oidc/start');
}

test('a response works once: the code cannot be replayed, not even with the cookie', async () => {
  const back = await aResponse();
  const stolen = new CookieJar();
  for (const [name, cookie] of at.jar.cookies) stolen.cookies.set(name, cookie);
  await at.portal.send(at.jar, back.href);
  at.portal.signedIn.length = 0;
  await expectRefused(back, 'transaction-missing');
  await expectRefused(back, 'transaction-used', stolen);
});

test('a response in another browser is refused: no one is signed in to the account of an attacker', async () => {
  await expectRefused(await aResponse('mallory'), 'transaction-missing', new CookieJar());
});

test('a code of another sign-in of the same browser is refused', async () => {
  const [mine, other] = [await aResponse('alice'), await aResponse('bob')];
  mine.searchParams.set('code', other.searchParams.get('code') ?? '');
  await expectRefused(mine, 'code-refused');
});

test.each([
  [
    'missing',
    (url: URL) => {
      url.searchParams.delete('state');
    },
  ],
  [
    'unknown',
    (url: URL) => {
      url.searchParams.set('state', 'x'.repeat(43));
    },
  ],
  [
    'repeated',
    (url: URL) => {
      url.searchParams.append('state', 'x');
    },
  ],
])('a state that is %s is refused', async (_, spoil) => {
  const back = await aResponse();
  spoil(back);
  await expectRefused(back, 'transaction-missing');
});

test('a state with the cookie of another sign-in is refused', async () => {
  const first = await aResponse();
  const [[name, cookie] = ['', undefined]] = at.jar.cookies;
  at.jar = new CookieJar();
  const second = await aResponse();
  const [[own = ''] = []] = at.jar.cookies;
  at.jar.cookies.set(own, cookie!);
  expect(name).not.toBe(own);
  await expectRefused(second, 'transaction-missing');
  await expectRefused(first, 'transaction-missing');
});

test.each([
  [
    'of another issuer',
    (url: URL) => {
      url.searchParams.set('iss', 'https://evil.example.com');
    },
  ],
  [
    'missing, though this provider sends it',
    (url: URL) => {
      url.searchParams.delete('iss');
    },
  ],
  [
    'repeated',
    (url: URL) => {
      url.searchParams.append('iss', at.provider.issuer);
    },
  ],
])('an iss that is %s is refused', async (_, spoil) => {
  const back = await aResponse();
  spoil(back);
  await expectRefused(back, 'response-invalid');
});

test('a sign-in that began at another endpoint is refused', async () => {
  const back = await aResponse();
  const response = await at.portal.send(at.jar, back.href, { endpoint: 'other', host: 'other.example.com' });
  expect([response.status, at.portal.problem(), at.portal.signedIn]).toEqual([
    400,
    'transaction-missing',
    [],
  ]);
});

test('a sign-in that began on https does not go on with a cookie that http can set', async () => {
  const back = await aResponse();
  const [[name = '', cookie] = []] = at.jar.cookies;
  at.jar = new CookieJar();
  at.jar.cookies.set(name.replace('__Host-', ''), cookie!);
  await expectRefused(back, 'transaction-missing');
});

test('a sign-in that took too long is refused', async () => {
  const back = await aResponse();
  at.portal.shift.ms = 16 * 60_000;
  await expectRefused(back, 'transaction-expired');
});

test('a cookie that was altered is refused', async () => {
  const back = await aResponse();
  for (const [name, { value, path }] of at.jar.cookies)
    // Not the last character, of which base64url does not use all bits.
    at.jar.cookies.set(name, {
      value: value.replace(/.(?=.{3}$)/, (one) => (one === 'A' ? 'B' : 'A')),
      path,
    });
  await expectRefused(back, 'transaction-missing');
});

test('who cancels at the provider sees a page with a link to use another account', async () => {
  const state = new URL(await at.portal.start(at.jar)).searchParams.get('state') ?? '';
  const query = new URLSearchParams({ error: 'access_denied', state, iss: at.provider.issuer });
  const response = await at.portal.send(at.jar, `/_auth/oidc/callback?${query.toString()}`, {
    headers: { 'accept-language': 'zh-CN' },
  });
  expect([response.status, at.portal.problem()]).toEqual([403, 'access-denied']);
  const page = await response.text();
  expect(page).toContain('您尚未登录');
  expect(page).toContain('prompt=select_account');
});

test('text that a stranger puts into the response is not on the page', async () => {
  const state = new URL(await at.portal.start(at.jar)).searchParams.get('state') ?? '';
  const query = new URLSearchParams({
    error: '<b>x',
    error_description: '<script>',
    state,
    iss: at.provider.issuer,
  });
  const response = await at.portal.send(at.jar, `/_auth/oidc/callback?${query.toString()}`);
  expect(await response.text()).not.toMatch(/<script|<b>x/);
});

test('after the provider rotates its keys, people sign in at once', async () => {
  await at.provider.rotate('second');
  await at.portal.send(at.jar, (await aResponse()).href);
  expect(at.portal.signedIn).toHaveLength(1);
});
