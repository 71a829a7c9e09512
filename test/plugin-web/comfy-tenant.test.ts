import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { load, openTab, type Element } from './browser.ts';

const EMPTY = { running: false, ahead: 0, mine: [], etaSeconds: 0, runningSeconds: null };
let tab: ReturnType<typeof openTab>;
let comfyui: typeof import('./scripts.ts');

beforeEach(() => {
  vi.useFakeTimers();
  tab = openTab();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Loads the extension for a user and starts it; returns the texts of its badge. */
async function start(me: { userId: string; operator: boolean }, queue: unknown): Promise<Element[]> {
  vi.resetModules();
  comfyui = await import('./scripts.ts');
  comfyui.responses.set('/_tenant/me', me);
  if (queue !== undefined) comfyui.responses.set('/_tenant/queue', queue);
  await load('comfy-tenant');
  const [extension] = comfyui.registered;
  await extension!.setup();
  const [, , badge] = tab.body.children[0]!.children;
  return badge!.children;
}

test('the badge shows the decoded user id', async () => {
  const [user, wait] = await start({ userId: 'J%C3%BCrgen', operator: false }, EMPTY);
  expect([user?.words, wait?.textContent]).toEqual(['Jürgen  ▴', '']);
  expect(wait?.attributes.get('role')).toBe('status');
});

test('the badge marks operators', async () => {
  const [user] = await start({ userId: 'olga', operator: true }, EMPTY);
  expect(user?.words).toBe('olga (operator)  ▴');
});

test('the wait is refreshed while a prompt of the user waits, and at each status event', async () => {
  const waiting = { ...EMPTY, ahead: 2, mine: [{}], etaSeconds: null };
  const [, wait] = await start({ userId: 'alice', operator: false }, waiting);
  expect(wait?.textContent).toBe('2 ahead of you');
  comfyui.responses.set('/_tenant/queue', { ...waiting, ahead: 1 });
  await vi.advanceTimersByTimeAsync(3000);
  expect(wait?.textContent).toBe('1 ahead of you');
  comfyui.responses.set('/_tenant/queue', { ...waiting, ahead: 0, running: true });
  await comfyui.listeners.get('status')?.({ detail: null });
  expect(wait?.textContent).toBe('yours is running');
  comfyui.responses.set('/_tenant/queue', EMPTY);
  await comfyui.listeners.get('status')?.({ detail: null });
  expect(vi.getTimerCount()).toBe(0);
});

test('a failed request empties the wait', async () => {
  const [, wait] = await start({ userId: 'alice', operator: false }, undefined);
  expect(wait?.textContent).toBe('');
});

test.each([
  ['readable', 'The operator can allow it with the setting readable.'],
  [null, 'It is private.'],
])('a denied access with the setting %s is shown with its remedy', async (setting, remedy) => {
  await start({ userId: 'alice', operator: false }, EMPTY);
  await comfyui.listeners.get('comfy-tenant.denied')?.({ detail: { path: '/data/x', setting } });
  expect(comfyui.toasts).toHaveBeenCalledWith(expect.objectContaining({ detail: `/data/x: ${remedy}` }));
});

test('without a signed-in user the extension is not registered', async () => {
  vi.resetModules();
  comfyui = await import('./scripts.ts');
  await expect(load('comfy-tenant')).rejects.toThrow('/_tenant/me: 404');
  expect(comfyui.registered).toEqual([]);
});
