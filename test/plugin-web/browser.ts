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

type Handler = (event: Record<string, unknown>) => unknown;

export class Element {
  id = '';
  textContent = '';
  href = '';
  readonly style = { cssText: '', display: '' };
  children: Element[] = [];
  readonly attributes = new Map<string, string>();
  readonly handlers = new Map<string, Handler>();
  readonly focus = vi.fn();
  append(...children: Element[]): void {
    this.children.push(...children);
  }
  replaceChildren(...children: Element[]): void {
    this.children = children;
  }
  contains(other: unknown): boolean {
    return this === other || this.children.some((child) => child.contains(other));
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }
  addEventListener(name: string, handler: Handler): void {
    this.handlers.set(name, handler);
  }
  /** All text in it, as a person reads it. */
  get words(): string {
    return [this.textContent, ...this.children.map(({ words }) => words)].filter(Boolean).join(' ');
  }
}

/** Puts the globals of a fresh browser tab in place, with the storage that earlier tabs left. */
export function openTab(
  storage: { local?: Record<string, string>; session?: Record<string, string>; language?: string } = {},
) {
  class TabStorage extends Storage {}
  const local = new TabStorage();
  const session = new TabStorage();
  for (const [key, value] of Object.entries(storage.local ?? {})) local.values.set(key, value);
  for (const [key, value] of Object.entries(storage.session ?? {})) session.values.set(key, value);
  const tab = {
    local,
    session,
    reload: vi.fn(),
    assign: vi.fn(),
    language: storage.language ?? 'en-US',
    /** Answers the page's own requests. */
    answer: (): Response => new Response('{}', { status: 404 }),
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
  vi.stubGlobal('location', {
    reload: tab.reload,
    assign: tab.assign,
    href: 'https://comfy.example.com/',
    origin: 'https://comfy.example.com',
  });
  vi.stubGlobal('navigator', { language: tab.language });
  vi.stubGlobal('fetch', () => Promise.resolve(tab.answer()));
  vi.stubGlobal('addEventListener', (_name: string, listener: (event: { key: string | null }) => void) =>
    tab.storageListeners.push(listener),
  );
  vi.stubGlobal('document', {
    createElement: () => new Element(),
    addEventListener: () => undefined,
    head: tab.head,
    body: tab.body,
  });
  return tab;
}

const WEB = '../../plugin/web/';

/** Loads a file of the plugin's page in the tab that was opened last. `vi.resetModules` loads it again. */
export async function load<T>(file: string): Promise<T> {
  return (await import(`${WEB}${file}.js`)) as T;
}
