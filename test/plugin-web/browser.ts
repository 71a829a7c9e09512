import { vi } from 'vitest';

/** A `Storage` of a browser, as far as the plugin's page uses it. */
class Storage {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
  clear(): void {
    this.values.clear();
  }
}

export class Element {
  id = '';
  textContent = '';
  readonly style = { cssText: '' };
  readonly children: Element[] = [];
  readonly attributes = new Map<string, string>();
  append(...children: Element[]): void {
    this.children.push(...children);
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
}

/** Puts the globals of a fresh browser tab in place, with the storage that earlier tabs left. */
export function openTab(storage: { local?: Record<string, string>; session?: Record<string, string> } = {}) {
  class TabStorage extends Storage {}
  const local = new TabStorage();
  const session = new TabStorage();
  for (const [key, value] of Object.entries(storage.local ?? {})) local.values.set(key, value);
  for (const [key, value] of Object.entries(storage.session ?? {})) session.values.set(key, value);
  const tab = {
    local,
    session,
    reload: vi.fn(),
    deletedDatabases: [] as string[],
    deletedCaches: [] as string[],
    storageListeners: [] as ((event: { key: string | null }) => void)[],
    head: new Element(),
    body: new Element(),
  };
  // Its own prototype per tab: the page replaces `Storage.prototype.setItem`.
  vi.stubGlobal('Storage', TabStorage);
  TabStorage.prototype.setItem = function (key, value) {
    Storage.prototype.setItem.call(this, key, value);
  };
  vi.stubGlobal('localStorage', local);
  vi.stubGlobal('sessionStorage', session);
  vi.stubGlobal('indexedDB', {
    databases: () => Promise.resolve([{ name: 'workflows' }]),
    deleteDatabase: (name: string) => tab.deletedDatabases.push(name),
  });
  vi.stubGlobal('caches', {
    keys: () => Promise.resolve(['images']),
    delete: (name: string) => Promise.resolve(tab.deletedCaches.push(name) > 0),
  });
  vi.stubGlobal('location', { reload: tab.reload });
  vi.stubGlobal('addEventListener', (_name: string, listener: (event: { key: string | null }) => void) =>
    tab.storageListeners.push(listener),
  );
  vi.stubGlobal('document', { createElement: () => new Element(), head: tab.head, body: tab.body });
  return tab;
}

const WEB = '../../plugin/web/';

/** Loads a file of the plugin's page in the tab that was opened last. `vi.resetModules` loads it again. */
export async function load<T>(file: string): Promise<T> {
  return (await import(`${WEB}${file}.js`)) as T;
}
