import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST, startPortalGateway } from './portal-gateway.ts';

let gateway: Awaited<ReturnType<typeof startPortalGateway>>;
beforeAll(async () => {
  gateway = await startPortalGateway();
});
afterAll(() => gateway.stop());

const evil = 'evil.example';
/** Addresses that some browser or server reads as another site, as a script, as another header, or as a page of the portal. */
const NEXT = [
  ...[
    'https://',
    'http://',
    'HTTPS://',
    '//',
    '///',
    '////',
    '/\\',
    '\\/',
    '\\\\',
    '\\',
    'https:',
    'https:/',
  ].map((start) => start + evil),
  ...[
    '/\t/',
    '\t//',
    '/\n/',
    '\r\n//',
    ' //',
    '/ /',
    '\u0000//',
    '/\u0000/',
    '\ufeff//',
    '\u00a0//',
    '/\u00ad/',
  ].map((start) => start + evil),
  ...['/.//', '/..//', '/x/..//', '/./..//', '/%2e//', '/%2e%2e//', '/x/%2e%2e//', '/;//..//'].map(
    (start) => start + evil,
  ),
  ...['／／', '//%E3%80%82', '//ｅvil.example/', '/%5c', '/%2f', '/%09/', '/%0d%0a/', '//\u2025/'].map(
    (start) => start + evil,
  ),
  `https:${evil}`,
  `//user@${evil}`,
  `/@${evil}`,
  `@${evil}`,
  `//${HOST}@${evil}`,
  `//${HOST}.${evil}`,
  `https://${HOST}:80@${evil}/`,
  `.${evil}`,
  `:80@${evil}`,
  `?//${evil}`,
  `#//${evil}`,
  `//[::1]/`,
  `//0x7f.1/`,
  `//2130706433/`,
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'blob:x',
  'file:///etc/passwd',
  '/x\r\nSet-Cookie: a=b',
  '/x\nLocation: //evil.example',
  '/x%0d%0aSet-Cookie:%20a=b',
  '/_auth/sign-out',
  '/_AUTH/sign-out',
  '/%5fauth/sign-out',
  '/x/../_auth/sign-out',
  '//_auth/sign-out',
  '/.//_auth/sign-out',
  `/${'a'.repeat(10_000)}`,
  '',
];

/** Where a browser goes: in this gateway, and to no page of the portal. */
function expectOwn(location: string | undefined): void {
  const { origin, pathname } = new URL(location ?? 'missing:', `http://${HOST}/_auth/sign-in`);
  expect(origin).toBe(`http://${HOST}`);
  expect(decodeURIComponent(pathname).toLowerCase()).not.toMatch(/^\/+_auth/);
  expect(location).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
}

test('no form of the sign-in page leads to another site', async () => {
  for (const next of NEXT) {
    const { status, location, headers } = await gateway.visitor().signIn('alice', 'tulip', next);
    expect([next, status, headers['a']]).toEqual([next, 303, undefined]);
    expectOwn(location);
  }
});

test('no link to the sign-in page does, neither before the password nor for who is signed in', async () => {
  const [stranger, alice] = [gateway.visitor(), gateway.visitor()];
  await alice.signIn('alice', 'tulip');
  for (const next of NEXT.filter((one) => one.length < 5000)) {
    const query = `/_auth/sign-in?next=${encodeURIComponent(next)}`;
    const page = await stranger.open(query);
    const field = /name="next"\s+value="([^"]*)"/.exec(page.body)?.[1] ?? '';
    expectOwn(field.replaceAll('&amp;', '&').replaceAll('&#39;', "'"));
    const found = await alice.open(query);
    for (const [, href = ''] of found.body.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^\/(?![/\\])/);
    if (found.location !== undefined) expectOwn(found.location);
  }
});

test('signing out and the address of a request that is not signed in do not, either', async () => {
  for (const next of NEXT.filter((one) => one.length < 5000)) {
    const visitor = gateway.visitor();
    const out = await visitor.visit('/_auth/sign-out', { form: { next }, headers: { accept: 'text/html' } });
    if (out.location !== undefined) expectOwn(out.location.replace(/^\/_auth\/sign-in\?signed-out$/, '/'));
    const path = `/${encodeURI(next).replaceAll(/[\s\\]/g, '')}`;
    const { location } = await visitor.open(path);
    if (location?.startsWith('/_auth/sign-in?next=') !== true) continue;
    const { searchParams } = new URL(location, `http://${HOST}`);
    expectOwn(searchParams.get('next') ?? '/');
  }
});
