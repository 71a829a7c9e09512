import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { load, openTab, type Element } from './browser.ts';

interface Menu {
  readonly toggle: Element;
  readonly panel: Element;
}
type CreateMenu = (options: object) => Menu;

const ME = { userId: 'alice', operator: false, usedBytes: 1_234_567_890, quotaBytes: 20_000_000_000 };
let tab: ReturnType<typeof openTab>;
beforeEach(() => {
  tab = openTab();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function opened(session: unknown, { me = ME, language = 'en', signOut = vi.fn() } = {}): Promise<Menu> {
  const { textsFor } = await load<{ textsFor: (language: string) => object }>('page-texts');
  const { createMenu } = await load<{ createMenu: CreateMenu }>('account-menu');
  const loaded = () => Promise.resolve({ me, session });
  const menu = createMenu({ name: 'alice', texts: textsFor(language), load: loaded, signOut });
  await menu.toggle.handlers.get('click')?.({});
  return menu;
}

test('with a session, the menu shows the storage and leads to the account and out', async () => {
  const { toggle, panel } = await opened({ session: true, method: 'BASIC' });
  expect(panel.words).toBe(
    'alice Storage used: 1.2 GB of 20.0 GB Account and access tokens Switch account Sign out',
  );
  expect(toggle.attributes.get('aria-expanded')).toBe('true');
});

test.each([
  [undefined, 'Your browser signs you in. To sign out, close all of its windows.'],
  [{ session: false, method: 'BASIC' }, 'Your browser signs you in. To sign out, close all of its windows.'],
  [{ session: false, method: 'JWT' }, 'Another site or program signs you in. Sign out there.'],
])('without a session (%j), the menu says what applies', async (session, text) => {
  const { panel } = await opened(session, { me: { ...ME, quotaBytes: null as never } });
  expect(panel.words).toBe(`alice Storage used: 1.2 GB ${text}`);
});

test('the menu is in Chinese for readers of Chinese', async () => {
  expect((await opened({ session: true }, { language: 'zh-CN' })).panel.words).toContain('退出登录');
});

test('Escape closes the menu and returns to its button, and no key reaches the shortcuts of ComfyUI', async () => {
  const { toggle, panel } = await opened({ session: true });
  const stopPropagation = vi.fn();
  panel.handlers.get('keydown')?.({ key: 'q', stopPropagation });
  expect(panel.style.display).toBe('flex');
  panel.handlers.get('keydown')?.({ key: 'Escape', stopPropagation });
  expect([panel.style.display, toggle.attributes.get('aria-expanded')]).toEqual(['none', 'false']);
  expect(toggle.focus).toHaveBeenCalledOnce();
  expect(stopPropagation).toHaveBeenCalledTimes(2);
});

test('a sign-out that fails is reported', async () => {
  const { panel } = await opened({ session: true }, { signOut: vi.fn(() => Promise.resolve(false)) });
  const out = panel.children.find(({ textContent }) => textContent === 'Sign out');
  await out?.handlers.get('click')?.({});
  expect(panel.words).toContain('Signing out failed. Try again.');
});

type SignOut = (send: typeof fetch, next?: string) => Promise<boolean>;

test.each([
  ['the address in the answer', undefined, 'https://login.example.com/end', 'https://login.example.com/end'],
  ['the sign-in page without one', undefined, undefined, 'https://comfy.example.com/_auth/sign-in'],
  ['the given page, to switch accounts', '/_auth/sign-in', '/x', 'https://comfy.example.com/_auth/sign-in'],
])('signing out leads to %s', async (_, next, location, target) => {
  const { signOut } = await load<{ signOut: SignOut }>('sign-out');
  const headers = location === undefined ? {} : { location };
  const sent = vi.fn(() => Promise.resolve(new Response('{}', { headers })));
  expect(await signOut(sent, next)).toBe(true);
  expect(sent).toHaveBeenCalledWith('/_auth/sign-out', expect.objectContaining({ method: 'POST' }));
  expect(tab.assign).toHaveBeenCalledWith(target);
});

test('signing out leads to the provider that the answer names', async () => {
  const { signOut } = await load<{ signOut: SignOut }>('sign-out');
  const url = 'https://login.example.com/end?id=1';
  expect(await signOut(() => Promise.resolve(Response.json({ url })))).toBe(true);
  expect(tab.assign).toHaveBeenCalledWith(url);
});

test.each([
  ['an error', () => Promise.resolve(new Response('{}', { status: 403 }))],
  ['no answer', () => Promise.reject(new Error('offline'))],
  ['a script', () => Promise.resolve(new Response('{}', { headers: { location: 'javascript:alert(1)' } }))],
])('signing out with %s leads nowhere', async (_, send) => {
  const { signOut } = await load<{ signOut: SignOut }>('sign-out');
  expect(await signOut(send)).toBe(false);
  expect(tab.assign).not.toHaveBeenCalled();
});
