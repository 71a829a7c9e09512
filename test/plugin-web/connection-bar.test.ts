import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { load, openTab, type Element } from './browser.ts';

interface Bar {
  readonly bar: Element;
  readonly check: () => Promise<void>;
}

beforeEach(() => {
  vi.useFakeTimers();
  openTab();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const texts = async (language = 'en') =>
  (await load<{ textsFor: (language: string) => object }>('page-texts')).textsFor(language);

async function aBar(statuses: (number | undefined)[], language?: string): Promise<Bar> {
  const { createBar } = await load<{ createBar: (texts: object, probe: () => unknown) => Bar }>(
    'connection-bar',
  );
  return createBar(await texts(language), () => Promise.resolve(statuses.shift()));
}

test.each([
  [401, 'en', 'You are signed out. Sign in again'],
  [503, 'en', 'ComfyUI is restarting. This page reconnects by itself.'],
  [401, 'zh', '您已退出登录。 重新登录'],
])('a probe with %d shows the bar (%s), until one succeeds', async (status, language, text) => {
  const { bar, check } = await aBar([status, undefined, status, 200], language);
  await check();
  expect([bar.words, bar.style.display]).toEqual([text, 'flex']);
  await vi.advanceTimersByTimeAsync(20_000);
  expect([bar.words, bar.style.display]).toEqual(['', 'none']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a failure that has passed shows nothing', async () => {
  const { bar, check } = await aBar([200]);
  await check();
  expect(bar.words).toBe('');
});

test('the bar opens the sign-in in another tab, so that unsaved work stays', async () => {
  const { bar, check } = await aBar([401]);
  await check();
  expect(bar.children[1]).toMatchObject({ href: '/', target: '_blank', rel: 'noopener' });
});

interface Watching {
  readonly watchRequests: (texts: object, onFailure: () => void) => typeof fetch;
  readonly comfyuiError: (body: unknown, status: number, texts: object) => unknown;
}

test.each([
  [401, 'unauthenticated', 'You are signed out: Sign in again, then retry. Request id: 5a6b'],
  [503, 'unavailable', 'ComfyUI is restarting: This page reconnects by itself. Request id: 5a6b'],
  [403, 'forbidden', 'Access denied: Request id: 5a6b'],
])('the dialog of ComfyUI gets text for a %d of the gateway', async (status, code, text) => {
  const { comfyuiError } = await load<Watching>('watch-requests');
  const body = { error: { code, message: 'Access denied.', requestId: '5a6b' } };
  const shaped = comfyuiError(body, status, await texts()) as { error: Record<string, string> };
  // As PromptExecutionError of ComfyUI's page shows it.
  expect(`${String(shaped.error['message'])}: ${String(shaped.error['details'])}`).toBe(text);
  expect(shaped).toMatchObject({ error: { code, type: code, requestId: '5a6b' }, node_errors: {} });
});

test.each([
  ['ComfyUI itself', { error: { type: 'x', message: 'm', details: 'd' }, node_errors: {} }],
  ['a node pack', { error: 'text' }],
  ['no kind', null],
  ['a list', [1]],
])('an error of %s stays as it is', async (_, body) => {
  const { comfyuiError } = await load<Watching>('watch-requests');
  expect(comfyuiError(body, 400, await texts())).toBe(body);
});

test.each([
  ['/api/prompt', 401, true],
  ['https://comfy.example.com/view', 503, true],
  ['/api/prompt', 403, false],
  ['/api/prompt', 200, false],
  ['/_auth/me', 401, false],
  ['https://other.example.com/x', 401, false],
])('a request to %s with %d is a reason to look: %s', async (url, status, reported) => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}', { status })));
  const { watchRequests } = await load<Watching>('watch-requests');
  const onFailure = vi.fn();
  watchRequests(await texts(), onFailure);
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([status, '{}']);
  expect(onFailure).toHaveBeenCalledTimes(reported ? 1 : 0);
});
