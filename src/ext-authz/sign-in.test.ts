import { describe, expect, test } from 'vitest';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { readAnswer } from '../../test/support/check-messages.ts';
import { aRequest } from '../../test/support/requests.ts';
import { deny, type Allow } from '../auth/decision.ts';
import { parseUserId } from '../auth/user-id.ts';
import type { HeaderField, RequestHead } from '../http/request-head.ts';
import { isFromPage, isPageLoad } from './browser-request.ts';
import type { GuardedEndpoint } from './endpoint-router.ts';
import { checkRequestSafety } from './request-safety.ts';
import { signInByLink } from './sign-in.ts';

const HTML: HeaderField = ['accept', 'text/html,application/xhtml+xml'];

const get = (headers: readonly HeaderField[] = [], path = '/queue'): RequestHead =>
  aRequest(headers, { path });

test.each<[HeaderField[], boolean]>([
  [[], false],
  [[['sec-fetch-mode', 'navigate']], false],
  [
    [
      ['sec-fetch-mode', 'navigate'],
      ['origin', 'http://x'],
    ],
    false,
  ],
  [[['sec-fetch-mode', 'cors']], true],
  [[['sec-fetch-mode', 'same-origin']], true],
  [[['origin', 'http://x']], true],
  [[['referer', 'http://x/']], true],
])('whether a page made the request: %j is %s', (headers, expected) => {
  expect(isFromPage(get(headers))).toBe(expected);
});

test('only a GET of a document by navigation is a page load', () => {
  expect(isPageLoad(get([HTML]))).toBe(true);
  expect(isPageLoad(get())).toBe(false);
  expect(isPageLoad({ ...get([HTML]), method: 'POST' })).toBe(false);
  expect(isPageLoad(get([HTML, ['upgrade', 'websocket']]))).toBe(false);
  expect(isPageLoad(get([HTML, ['sec-fetch-mode', 'cors']]))).toBe(false);
  expect(isPageLoad(get([HTML, ['sec-fetch-dest', 'iframe']]))).toBe(false);
});

describe('a disguised parameter', () => {
  const safety = (path: string, changes: Partial<GuardedEndpoint> = {}) =>
    checkRequestSafety(get([], path), anEndpoint(changes));
  const forwarded = [{ location: 'QUERY', name: 'team' }] as const;
  test.each(['/queue?%74oken=x', '/queue?a=1&tok%65n=x'])('in %s is refused', (path) => {
    expect(safety(path)).toEqual(deny('parameter-disguised'));
  });
  test('that carries a claim is refused, too, and a header of that name is no parameter', () => {
    expect(safety('/queue?te%61m=x', { forwardedClaims: forwarded })).toEqual(deny('parameter-disguised'));
    const header = [{ location: 'HEADER', name: 'team' }] as const;
    expect(safety('/queue?te%61m=x', { forwardedClaims: header })).toBeUndefined();
  });
  test('is nothing where no parameter matters, and other escapes are fine', () => {
    const { method } = anEndpoint();
    const none = { ...method, credentialLocations: { headers: [], cookies: [], query: [] } };
    expect(safety('/queue?%74oken=x', { method: none })).toBeUndefined();
    expect(safety('/a%20b?x=%20')).toBeUndefined();
    expect(safety('/queue?token=x')).toBeUndefined();
  });
});

describe('a link with a token', () => {
  const claims = { sub: 'alice' };
  const userId = parseUserId('alice');
  if (userId === undefined) throw new Error('not an id');
  const allowed: Allow = {
    kind: 'allow',
    identity: { userId, operator: false, forwardedClaims: [] },
    claims,
  } as never;
  const link = { parameters: ['other', 'token'], start: () => Promise.resolve('session=1') };
  const by = (request: RequestHead, changes: Partial<GuardedEndpoint>, decision = allowed) =>
    signInByLink(request, anEndpoint(changes), decision);
  const linked = get([HTML], '/queue?token=secret&a=1');

  test('starts a session and leads to the address without it', async () => {
    const found = readAnswer((await by(linked, { link })) ?? new Uint8Array());
    expect(found.headers).toMatchObject({ location: '/queue?a=1', 'set-cookie': 'session=1' });
    expect(found.metadata['reason']).toBe('signed-in');
  });

  test('starts none elsewhere', () => {
    expect(by(linked, {})).toBeUndefined();
    expect(by(get([], '/queue?token=secret'), { link })).toBeUndefined();
    expect(by(get([HTML], '/queue?a=1'), { link })).toBeUndefined();
    expect(by(linked, { link }, { kind: 'allow', identity: allowed.identity })).toBeUndefined();
  });
});
