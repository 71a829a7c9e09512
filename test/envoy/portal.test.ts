import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { HOST, startPortalGateway } from './portal-gateway.ts';
import { rawRequest } from './raw-request.ts';
import { PAGE } from './visitor.ts';

let gateway: Awaited<ReturnType<typeof startPortalGateway>>;
beforeAll(async () => {
  gateway = await startPortalGateway();
});
afterAll(async () => {
  await gateway.stop();
});
beforeEach(() => {
  gateway.forget();
});

const visitor = (host = HOST) => gateway.visitor(host);
const seen = () => gateway.seen();
const last = () => gateway.last();

test('a browser signs in, uses ComfyUI without its cookie reaching it, and signs out', async () => {
  const alice = visitor();
  expect(await alice.open('/?workflow=a&b=%20')).toMatchObject({
    status: 303,
    location: '/_auth/sign-in?next=%2F%3Fworkflow%3Da%26b%3D%2520',
  });
  const page = await alice.open('/_auth/sign-in?next=%2F%3Fworkflow%3Da');
  expect(page.status).toBe(200);
  expect(page.body).toContain('<h1>Studio &lt;1&gt;</h1>');
  expect(page.body).toContain('Ask &lt;carol&gt;.');
  expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  const done = await alice.signIn('alice', 'tulip', '/?workflow=a');
  expect(done).toMatchObject({ status: 303, location: '/?workflow=a' });
  expect(done.setCookies[0]).toMatch(
    /^comfy_session=[^;]+; Path=\/; Max-Age=28(800|7..); HttpOnly; SameSite=Lax$/,
  );
  expect(seen()).toEqual([]);

  alice.cookies.set('other', '1');
  expect((await alice.open('/?workflow=a')).body).toBe('reached ComfyUI');
  expect(last()).toMatchObject({ 'x-funart-comfy-userid': 'alice', cookie: 'other=1' });
  const me = await alice.visit('/_auth/me');
  expect(JSON.parse(me.body)).toMatchObject({
    user: 'alice',
    endpoint: 'studio',
    method: 'BASIC',
    session: true,
  });

  const copied = new Map(alice.cookies);
  expect(await alice.signOut()).toMatchObject({ status: 303, location: '/_auth/sign-in?signed-out' });
  expect(alice.cookies.has('comfy_session')).toBe(false);
  expect((await alice.open('/_auth/sign-in?signed-out')).body).toContain('You are signed out.');
  for (const [name, value] of copied) alice.cookies.set(name, value);
  expect((await alice.visit('/queue')).status).toBe(401);
});

test('another person who signs in to the same browser is only that person', async () => {
  const browser = visitor();
  await browser.signIn('alice', 'tulip');
  const before = browser.cookies.get('comfy_session');
  expect((await browser.signIn('bob', 'cedar')).status).toBe(400);
  expect((await browser.open('/_auth/sign-in')).body).toContain('You are signed in as alice.');
  await browser.signOut();
  expect((await browser.signIn('bob', 'cedar')).status).toBe(303);
  await browser.visit('/queue');
  expect(last()['x-funart-comfy-userid']).toBe('bob');
  browser.cookies.set('comfy_session', before ?? '');
  expect((await browser.visit('/queue')).status).toBe(401);
});

test('a wrong password, an unknown user and a name with a colon get the same page', async () => {
  const strip = (body: string): string => body.replace(/name="(token|username)" value="[^"]*"/g, '');
  const pages = [];
  for (const name of ['alice', 'stranger', 'alice:x']) {
    const { status, body, headers } = await visitor().signIn(name, 'wrong');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBeUndefined();
    expect(body).toContain('The user name or the password is wrong.');
    pages.push(
      strip(body)
        .replaceAll(name, '')
        .replaceAll(/ value=""/g, ''),
    );
  }
  expect(new Set(pages).size).toBe(1);
});

test('programs get a challenge, pages none, and with signIn: browser everything is as before', async () => {
  const program = await visitor().visit('/queue');
  expect([program.status, program.headers['www-authenticate']]).toEqual([
    401,
    'Basic realm="studio", charset="UTF-8"',
  ]);
  const fetched = await visitor().visit('/queue', { headers: { 'sec-fetch-mode': 'cors' } });
  expect([fetched.status, fetched.headers['www-authenticate']]).toEqual([401, undefined]);
  const plain = await visitor().visit('/queue', { headers: { referer: `http://${HOST}/` } });
  expect([plain.status, plain.headers['www-authenticate']]).toEqual([401, undefined]);
  const posted = await visitor().visit('/prompt', { method: 'POST', headers: PAGE });
  expect([posted.status, posted.location]).toEqual([401, undefined]);
  const wrong = await visitor().visit('/', {
    headers: { accept: 'text/html', authorization: basic('alice', 'no') },
  });
  expect([wrong.status, wrong.headers['www-authenticate'] !== undefined]).toEqual([401, true]);
  const dialog = await visitor('dialog.example.com').open('/');
  expect([dialog.status, dialog.headers['www-authenticate']]).toEqual([
    401,
    'Basic realm="dialog", charset="UTF-8"',
  ]);
  expect((await visitor('dialog.example.com').open('/_auth/sign-in')).body).not.toContain('type="password"');
});

test('a session of one endpoint is worth nothing at another, and ComfyUI never gets its cookie', async () => {
  const alice = visitor();
  await alice.signIn('alice', 'tulip');
  const other = visitor('dialog.example.com');
  other.cookies.set('comfy_session', alice.cookies.get('comfy_session') ?? '');
  expect((await other.visit('/queue')).status).toBe(401);
  const both = await other.visit('/queue', { headers: { authorization: basic('alice', 'tulip') } });
  expect(both.status).toBe(200);
  expect(last()['cookie']).toBeUndefined();
});

test('explicit credentials take precedence over the session, and two different users are ambiguous', async () => {
  const alice = visitor();
  await alice.signIn('alice', 'tulip');
  const as = async (name: string, password: string) =>
    (await alice.visit('/queue', { headers: { authorization: basic(name, password) } })).status;
  expect(await as('alice', 'tulip')).toBe(200);
  expect(await as('bob', 'cedar')).toBe(401);
  expect(await as('alice', 'wrong')).toBe(401);
  expect(await as('bob', 'wrong')).toBe(401);
});

test('only own pages change anything', async () => {
  const alice = visitor();
  await alice.signIn('alice', 'tulip');
  const tries = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of tries)
    expect((await alice.visit('/_auth/sign-out', { form: {}, headers })).status).toBe(403);
  expect((await alice.visit('/_auth/sign-out', { method: 'POST' })).status).toBe(403);
  expect((await alice.visit('/queue')).status).toBe(200);
});

test('the form works only in the browser that it was shown to (login CSRF)', async () => {
  const attacker = visitor();
  const page = await attacker.open('/_auth/sign-in');
  const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const form = { token, username: 'bob', password: 'cedar', next: '/' };
  const victim = visitor();
  expect((await victim.visit('/_auth/sign-in', { form })).status).toBe(400);
  await victim.open('/_auth/sign-in');
  expect((await victim.visit('/_auth/sign-in', { form })).status).toBe(400);
  expect(victim.cookies.has('comfy_session')).toBe(false);
});

test('the route names the endpoint, whatever a client claims; malformed hosts and large headers stop before', async () => {
  const headers = { 'x-comfy-tenant-endpoint': 'dialog', 'x-funart-comfy-userid': 'bob' };
  const page = await visitor().visit('/_auth/sign-in', { headers: { ...PAGE, ...headers } });
  expect(page.body).toContain('type="password"');
  const to = (host: string, ...lines: string[]) =>
    rawRequest(gateway.port, { lines: ['GET /_auth/me HTTP/1.1', ...lines], host });
  expect((await to('comfy.example.com:99999')).status).toBe(400);
  expect((await to('unknown.example.com')).status).toBe(421);
  expect((await to(HOST, `X-Large: ${'x'.repeat(62_000)}`)).status).toBe(431);
});

test('guesses on the page are throttled together with those in headers', async () => {
  const guess = visitor();
  await guess.signIn('bob', 'wrong-0');
  for (let n = 1; n < 5; n++) {
    await guess.visit('/queue', { headers: { authorization: basic('bob', `wrong-${n}`) } });
  }
  const answer = await guess.signIn('bob', 'cedar');
  expect(answer.status).toBe(429);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.body).toContain('Too many failed attempts. Try again in');
});
