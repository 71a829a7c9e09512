import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../test/support/check-messages.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { aRequest } from '../../test/support/requests.ts';
import { deny, type DenyReason } from '../auth/decision.ts';
import type { HeaderField, RequestHead } from '../http/request-head.ts';
import { encodeDeniedResponse } from './denied-response.ts';
import type { GuardedEndpoint, SignInPlace } from './endpoint-router.ts';

const HTML: HeaderField = ['accept', 'text/html,application/xhtml+xml'];
const PAGE: SignInPlace = { kind: 'page' };
const SITE: SignInPlace = { kind: 'site', url: 'https://login.example.com/?back={url}&again={url}' };

const get = (headers: readonly HeaderField[] = [], path = '/queue'): RequestHead =>
  aRequest(headers, { path });

function answer(
  reason: DenyReason | 'unavailable',
  {
    request,
    endpoint,
    seconds,
    why,
  }: { request?: RequestHead; endpoint?: GuardedEndpoint; seconds?: number; why?: string } = {},
) {
  const more = {
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    ...(why !== undefined && { rule: { name: '1', why } }),
  };
  const decision =
    reason === 'unavailable'
      ? ({ kind: 'unavailable', cause: 'x', ...more } as const)
      : ({ ...deny(reason), ...more } as const);
  return readAnswer(encodeDeniedResponse(decision, { request, endpoint, site: { title: 'ComfyUI' } }));
}

describe('a page load without credentials', () => {
  test.each([
    ['/queue?a=1&token=secret', '/_auth/sign-in?next=%2Fqueue%3Fa%3D1'],
    ['/', '/_auth/sign-in?next=%2F'],
  ])('of %s is sent to the sign-in page, without its token', (path, location) => {
    const endpoint = anEndpoint({ signIn: PAGE });
    const found = answer('credentials-missing', { request: get([HTML], path), endpoint });
    expect(found.status).toBe(303);
    expect(found.headers).toEqual({
      location,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(found.body).toBe('');
    expect(found.metadata).toEqual({ reason: 'credentials-missing', endpoint: 'studio', method: 'JWT' });
  });

  test.each([
    [[HTML], 'http'],
    [[HTML, ['x-forwarded-proto', 'https']] as HeaderField[], 'https'],
  ])('is sent to another site with the address that it asked for: %j', (headers, scheme) => {
    const request = get(headers, '/queue');
    const { headers: found } = answer('token-expired', { request, endpoint: anEndpoint({ signIn: SITE }) });
    const url = encodeURIComponent(`${scheme}://comfy.example.com/queue`);
    expect(found['location']).toBe(`https://login.example.com/?back=${url}&again=${url}`);
  });

  test.each<[string, RequestHead | undefined, GuardedEndpoint | undefined, DenyReason]>([
    ['without a place to sign in', get([HTML]), anEndpoint(), 'credentials-missing'],
    ['whose request cannot be read', undefined, anEndpoint({ signIn: PAGE }), 'credentials-missing'],
    ['without an endpoint', get([HTML]), undefined, 'credentials-missing'],
    ['that may not do this', get([HTML]), anEndpoint({ signIn: PAGE }), 'rule-denied'],
    ['of a program that wants JSON', get([]), anEndpoint({ signIn: PAGE }), 'credentials-missing'],
    [
      'of a program that sent wrong credentials',
      get([HTML, ['authorization', 'Basic x']]),
      anEndpoint({ signIn: PAGE }),
      'password-wrong',
    ],
  ])('%s is not redirected', (_, request, endpoint, reason) => {
    const options = { ...(request && { request }), ...(endpoint && { endpoint }) };
    expect(answer(reason, options).status).not.toBe(303);
  });

  test('of a browser that sends old credentials by itself is redirected', () => {
    const request = get([HTML, ['authorization', 'Basic x'], ['sec-fetch-mode', 'navigate']]);
    expect(answer('password-wrong', { request, endpoint: anEndpoint({ signIn: PAGE }) }).status).toBe(303);
  });
});

describe('a challenge', () => {
  const challenged = (request: RequestHead | undefined, endpoint?: GuardedEndpoint): boolean =>
    'www-authenticate' in
    answer('credentials-missing', { ...(request && { request }), ...(endpoint && { endpoint }) }).headers;

  test('is for programs, and for pages only where people sign in with the dialog of the browser', () => {
    const fetched = get([['sec-fetch-mode', 'cors']]);
    expect(challenged(get(), anEndpoint())).toBe(true);
    expect(challenged(get(), anEndpoint({ signIn: PAGE }))).toBe(true);
    expect(challenged(fetched, anEndpoint())).toBe(true);
    expect(challenged(fetched, anEndpoint({ signIn: PAGE }))).toBe(false);
    expect(challenged(undefined, anEndpoint())).toBe(false);
    expect(challenged(get())).toBe(false);
  });

  test('comes with 401 only', () => {
    for (const reason of ['rule-denied', 'too-many-failures', 'unavailable'] as const)
      expect(answer(reason, { request: get(), endpoint: anEndpoint() }).headers).not.toHaveProperty(
        'www-authenticate',
      );
    expect(answer('unavailable').metadata).toEqual({ reason: 'unavailable' });
  });
});

describe('the time to wait', () => {
  test.each([
    ['unavailable', undefined, '2'],
    ['unavailable', 30, '30'],
    ['too-many-failures', 8, '8'],
    ['credentials-missing', undefined, undefined],
    ['rule-denied', undefined, undefined],
  ] as const)('of %s with %s is %s', (reason, seconds, expected) => {
    const found = answer(reason, { request: get(), ...(seconds !== undefined && { seconds }) });
    expect(found.headers['retry-after']).toBe(expected);
  });

  test('is on the page of a browser, which loads itself again only if the service is unavailable', () => {
    const page = { request: get([HTML]), endpoint: anEndpoint() };
    const short = answer('unavailable', page).headers['refresh'];
    expect(Number(short)).toBeGreaterThanOrEqual(2);
    expect(answer('unavailable', { ...page, seconds: 300 }).headers['refresh']).toBe('300');
    expect(answer('unavailable', { request: get() }).headers).not.toHaveProperty('refresh');
    for (const reason of ['too-many-failures', 'rule-denied'] as const)
      expect(answer(reason, page).headers).not.toHaveProperty('refresh');
    expect(answer('too-many-failures', { ...page, seconds: 77 }).body).toContain('77');
    expect(answer('unavailable', { ...page, seconds: 77 }).body).not.toContain('77');
  });
});

test('a browser gets a page in its language, a program JSON, and both what a rule says', () => {
  const endpoint = anEndpoint();
  const page = answer('rule-denied', { request: get([HTML]), endpoint, why: 'guests may not' });
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.body).toContain('guests may not');
  const chinese = get([HTML, ['accept-language', 'zh-CN']]);
  expect(answer('rule-denied', { request: chinese, endpoint }).body).toContain('<html lang="zh"');
  expect(page.body).toContain('<html lang="en"');
  const json = answer('rule-denied', {
    request: get([['x-request-id', 'abc-1']]),
    endpoint,
    why: 'guests may not',
  });
  expect(JSON.parse(json.body)).toEqual({
    error: { code: 'forbidden', message: 'guests may not', requestId: 'abc-1' },
  });
  expect(JSON.parse(answer('credentials-missing').body)).toMatchObject({ error: { requestId: '-' } });
});
