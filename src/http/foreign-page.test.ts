import { expect, test } from 'vitest';
import { aRequest } from '../../test/support/requests.ts';
import { isFromForeignPage } from './foreign-page.ts';
import type { HeaderField, RequestHead } from './request-head.ts';

const PORTAL = 'https://portal.example.com';
const OWN = 'https://comfy.example.com';
const EVIL = 'https://evil.example';

const origin = (value: string): HeaderField => ['origin', value];
const referer = (value: string): HeaderField => ['referer', value];
const site = (value: string): HeaderField => ['sec-fetch-site', value];
const fetched = (where: string, mode: string, dest: string): HeaderField[] => [
  site(where),
  ['sec-fetch-mode', mode],
  ['sec-fetch-dest', dest],
];
const HTML: HeaderField = ['accept', 'text/html,application/xhtml+xml,*/*;q=0.8'];
const IMAGE: HeaderField = ['accept', 'image/avif,image/webp,*/*;q=0.8'];
const SOCKET: HeaderField = ['upgrade', 'websocket'];

type Case = [what: string, headers: HeaderField[], method?: string];
const isForeign = (headers: readonly HeaderField[], rest: Partial<RequestHead> = {}, allowed = [PORTAL]) =>
  isFromForeignPage(aRequest(headers, rest), allowed);

test.each([
  ['a program', []],
  ['a program that changes something', [], 'POST'],
  ["a program's WebSocket", [SOCKET]],
  ['an address typed by the user', [...fetched('none', 'navigate', 'document'), HTML]],
  ['a link of another site', [...fetched('cross-site', 'navigate', 'document'), HTML]],
  [
    'a link of a sibling',
    [...fetched('same-site', 'navigate', 'document'), referer('https://x.example.com/')],
  ],
  ['a link, in an old browser or over http', [HTML, referer(`${EVIL}/page`)]],
  ['a script of our page', [...fetched('same-origin', 'cors', 'empty'), referer(`${OWN}/`)]],
  [
    'a script of our page behind a proxy that changes Host',
    [site('same-origin'), referer('https://public.example/')],
  ],
  ['a change by our page', [...fetched('same-origin', 'cors', 'empty'), origin(OWN)], 'POST'],
  ['a change by our page, in an old browser', [origin(OWN)], 'POST'],
  ['our WebSocket', [SOCKET, origin(OWN)]],
  ['our WebSocket, whose scheme the browser finds foreign', [SOCKET, origin(OWN), site('cross-site')]],
  ['a picture in our page, over http', [IMAGE, referer(`${OWN}/`)]],
  ['a change by an allowed origin', [...fetched('same-site', 'cors', 'empty'), origin(PORTAL)], 'POST'],
  ['a WebSocket of an allowed origin', [SOCKET, origin(PORTAL)]],
  [
    'a picture in a page of an allowed origin',
    [...fetched('same-site', 'no-cors', 'image'), referer(`${PORTAL}/x`)],
  ],
  [
    'a frame in a page of an allowed origin',
    [...fetched('same-site', 'navigate', 'iframe'), referer(`${PORTAL}/`)],
  ],
] satisfies Case[])('%s is let in', (...[, headers, method = 'GET']: Case) => {
  expect(isForeign(headers, { method })).toBe(false);
});

test.each([
  ['a form of another site', [...fetched('cross-site', 'navigate', 'document'), origin(EVIL), HTML], 'POST'],
  ['a form of another site, in an old browser', [origin(EVIL), HTML], 'POST'],
  [
    'a change by a sibling',
    [...fetched('same-site', 'cors', 'empty'), origin('https://x.example.com')],
    'POST',
  ],
  ['a change without Origin', fetched('cross-site', 'no-cors', 'empty'), 'POST'],
  ['a change with the Referer of an allowed origin', [site('cross-site'), referer(PORTAL)], 'POST'],
  ['a sandboxed page', [origin('null')], 'POST'],
  ['a sandboxed page that reads', [origin('null')]],
  ["a sandboxed page's WebSocket", [SOCKET, origin('null')]],
  ['a WebSocket of another site', [SOCKET, origin(EVIL)]],
  ['a WebSocket of another site that pretends to be a link', [SOCKET, origin(EVIL), HTML]],
  ['a WebSocket with the mark of a navigation', [SOCKET, ...fetched('cross-site', 'navigate', 'document')]],
  ['an image in another site', [...fetched('cross-site', 'no-cors', 'image'), referer(`${EVIL}/`)]],
  ['an image in another site, without Referer', fetched('cross-site', 'no-cors', 'image')],
  ['an image in another site, over http', [IMAGE, referer(`${EVIL}/`)]],
  ['a script in a sibling', fetched('same-site', 'no-cors', 'script')],
  ['a frame in another site', [...fetched('cross-site', 'navigate', 'iframe'), HTML]],
  ['a frame in another site, within a frame', [...fetched('cross-site', 'navigate', 'frame'), HTML]],
  ['an embedded object', [...fetched('cross-site', 'navigate', 'object'), HTML]],
  ['a fetch that asks for HTML, over http', [HTML, origin(EVIL)]],
  ['a HEAD of another site', [...fetched('cross-site', 'no-cors', 'empty')], 'HEAD'],
  ['an OPTIONS of another site', [origin(EVIL)], 'OPTIONS'],
  ['two origins', [origin(OWN), origin(EVIL)], 'POST'],
  ['two values of Sec-Fetch-Site', [site('same-origin'), site('cross-site')], 'POST'],
  ['a value of Sec-Fetch-Site that we do not know', [site('same-party')], 'POST'],
  ['an origin that looks like ours', [origin('https://comfy.example.com.evil.example')], 'POST'],
  ['an origin with a user name', [origin('https://comfy.example.com@evil.example')], 'POST'],
  ['an origin with a final dot', [origin('https://comfy.example.com.')], 'POST'],
  ['another port', [origin('https://comfy.example.com:8443')], 'POST'],
  ['the same port under another scheme', [origin('http://comfy.example.com:443')], 'POST'],
  ['an extension', [origin('chrome-extension://abcdef')], 'POST'],
  ['a Referer that is no URL', [IMAGE, referer('about:blank')]],
] satisfies Case[])('%s is foreign', (...[, headers, method = 'GET']: Case) => {
  expect(isForeign(headers, { method })).toBe(true);
});

test('without allowed origins, only our own pages are trusted', () => {
  expect(isForeign([origin(PORTAL)], { method: 'POST' }, [])).toBe(true);
  expect(isForeign([SOCKET, origin(PORTAL)], {}, [])).toBe(true);
  expect(isForeign([...fetched('same-site', 'navigate', 'iframe'), referer(`${PORTAL}/`)], {}, [])).toBe(
    true,
  );
});

test.each([
  ['http://comfy.example.com', 'comfy.example.com', 'https', true],
  ['http://comfy.example.com', 'comfy.example.com', 'http', false],
  ['https://comfy.example.com', 'comfy.example.com', 'http', false],
  ['http://[::1]:8080', '[::1]:8080', 'http', false],
  ['http://[::1]', '[::1]', 'http', false],
  ['http://[::1]:8081', '[::1]:8080', 'http', true],
  ['http://[::2]:8080', '[::1]:8080', 'http', true],
  ['https://comfy.example.com.', 'comfy.example.com.', 'https', false],
])('a change by a page of %s at %s over %s is foreign: %s', (from, host, scheme, expected) => {
  const headers = [origin(from), ['x-forwarded-proto', scheme] as const];
  expect(isForeign(headers, { method: 'POST', host })).toBe(expected);
});
