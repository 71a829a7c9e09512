import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusalOf } from '../../src/console/request-guard.ts';
import { CONFIG, PASSWORD, signedIn, startConsole, tokenIn, visitor, type Visitor } from './start-console.ts';

let started: Awaited<ReturnType<typeof startConsole>>;
let admin: Visitor;

beforeAll(async () => {
  started = await startConsole();
  admin = await signedIn(started);
});
afterAll(() => started.close());

test('console: off removes every page and creates no file', async () => {
  const off = await startConsole(`${CONFIG}console: off\n`);
  for (const path of ['/console', '/console/', '/console/sign-in', '/console/setup', '/console/endpoints'])
    expect((await visitor(off.port).get(path)).status).toBe(404);
  expect(() => readFileSync(join(off.directory, '.comfy-tenant/console-accounts.json'))).toThrow('ENOENT');
  await off.close();
});

test('a name that an attacker points at this machine is refused (DNS rebinding)', async () => {
  const reply = await admin.get('/console/status', { host: 'evil.example' });
  expect(reply.status).toBe(421);
});

test.each([
  ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['another port of this host', { origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-site' }],
  ['another port, without Sec-Fetch-Site', { origin: 'http://127.0.0.1:1' }],
  ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['a page that claims our origin', { 'sec-fetch-site': 'same-site' }],
])('a form of %s is refused, with the right cookie and token', async (_, headers) => {
  const token = tokenIn(await admin.get('/console/status'));
  const reply = await admin.post('/console/sign-out', { token }, headers);
  expect(reply.status).toBe(403);
  expect((await admin.get('/console/status')).status).toBe(200);
});

test.each([
  [
    'an embedded image',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  ],
  ['a frame', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
])('%s of another page gets nothing', async (_, headers) => {
  expect((await admin.get('/console/status', headers)).status).toBe(403);
});

test.each(['x-forwarded-for', 'forwarded', 'via', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])(
  'a request through a proxy (%s) is refused',
  async (name) => {
    expect((await admin.get('/console/sign-in', { [name]: '127.0.0.1' })).status).toBe(403);
  },
);

test.each(['10.0.0.7', '::ffff:10.0.0.7', 'fe80::1', '127.0.0.1.evil', '', '1270.0.1'])(
  'a peer at %j is not this machine',
  (peerAddress) => {
    const request = { method: 'GET', path: '/console/', host: 'localhost', headers: [], peerAddress };
    expect(refusalOf(request, () => false)).toBe('not-local');
  },
);

test('an allowed address gets in, but not through a proxy', () => {
  const request = {
    method: 'GET',
    path: '/console/',
    host: 'localhost',
    headers: [],
    peerAddress: '172.18.0.1',
  };
  expect(refusalOf(request, () => true)).toBeUndefined();
  const proxied = { ...request, headers: [['via', '1.1 proxy'] as const] };
  expect(refusalOf(proxied, () => true)).toBe('not-local');
});

test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused', (method) => {
  const request = { method, path: '/console/', host: 'localhost', headers: [], peerAddress: '127.0.0.1' };
  expect(refusalOf(request, () => false)).toBe('method');
});

test('every page forbids scripts, framing, caching and anything from elsewhere', async () => {
  for (const path of ['/console/sign-in', '/console/status', '/console/nowhere', '/console/setup?link=x']) {
    const { headers, text } = await admin.get(path);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(headers['content-security-policy']).not.toMatch(/unsafe/);
    // The only script, which the page does not need.
    const isStatus = path === '/console/status';
    expect(headers['content-security-policy']?.includes("script-src 'self'")).toBe(isStatus);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
    const own = '<script src="/console/status.js" type="module"></script>';
    expect(isStatus ? text.replace(own, '') : text).not.toMatch(/<script|\son\w+=|style="|https?:\/\//);
  }
});

test('an unusable accounts file ends all access', async () => {
  const broken = await startConsole();
  const someone = await signedIn(broken);
  writeFileSync(join(broken.directory, '.comfy-tenant/console-accounts.json'), '{"accounts":[]}');
  expect((await someone.get('/console/status')).status).toBe(500);
  expect((await visitor(broken.port).get('/console/sign-in')).status).toBe(500);
  expect(broken.logged()).not.toContain(PASSWORD);
  await broken.close();
});

test('a body over one megabyte is refused', async () => {
  const reply = await admin.post('/console/sign-in', { name: 'x'.repeat(1_100_000) });
  expect(reply.status).toBe(413);
});
