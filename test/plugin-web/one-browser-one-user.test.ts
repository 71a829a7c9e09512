import { afterEach, expect, test, vi } from 'vitest';
import { load, openTab } from './browser.ts';

const MARK = 'comfy-tenant.user';
afterEach(() => {
  vi.unstubAllGlobals();
});

async function keepToOneUser(userId: string): Promise<'returned' | 'waiting'> {
  vi.resetModules();
  const page = await load<{ keepToOneUser: (userId: string) => Promise<void> }>('one-browser-one-user');
  const waiting = new Promise<'waiting'>((resolve) => setTimeout(resolve, 20, 'waiting'));
  return Promise.race([page.keepToOneUser(userId).then(() => 'returned' as const), waiting]);
}

test('a new browser is marked with the user', async () => {
  const tab = openTab();
  expect(await keepToOneUser('alice')).toBe('returned');
  expect([tab.local.getItem(MARK), tab.session.getItem(MARK)]).toEqual(['alice', 'alice']);
  expect(tab.reload).not.toHaveBeenCalled();
});

test('the same user keeps what the browser stores', async () => {
  const tab = openTab({ local: { [MARK]: 'alice', workflow: 'hers' } });
  expect(await keepToOneUser('alice')).toBe('returned');
  expect(tab.local.getItem('workflow')).toBe('hers');
});

test.each(['local', 'session'])("another user's %s storage is removed and the page reloads", async (kind) => {
  const tab = openTab({ [kind]: { [MARK]: 'alice', workflow: 'hers' } });
  expect(await keepToOneUser('bob')).toBe('waiting');
  expect([...tab.local.values, ...tab.session.values]).toEqual([
    [MARK, 'bob'],
    [MARK, 'bob'],
  ]);
  expect(tab.deletedDatabases).toEqual(['workflows']);
  expect(tab.deletedCaches).toEqual(['images']);
  expect(tab.reload).toHaveBeenCalledOnce();
});

test('after another user signs in in another tab, this tab stores nothing and reloads', async () => {
  const tab = openTab();
  await keepToOneUser('alice');
  tab.local.setItem('before', 'stored');
  tab.local.values.set(MARK, 'bob');
  tab.local.setItem('after', 'not stored');
  tab.session.setItem('after', 'not stored');
  expect([tab.local.getItem('before'), tab.local.getItem('after')]).toEqual(['stored', null]);
  expect(tab.session.getItem('after')).toBeNull();
  for (const listener of tab.storageListeners) listener({ key: 'other' });
  expect(tab.reload).not.toHaveBeenCalled();
  for (const listener of tab.storageListeners) listener({ key: MARK });
  expect(tab.session.values.size).toBe(0);
  expect(tab.reload).toHaveBeenCalledOnce();
});
