import { vi } from 'vitest';

/** Stand-ins for ComfyUI's `scripts/app.js` and `scripts/api.js`, which vitest's configuration puts in their place. */
type Listener = (event: { detail: unknown }) => unknown;
interface Extension {
  readonly name: string;
  readonly setup: () => Promise<void>;
}

export const registered: Extension[] = [];
export const listeners = new Map<string, Listener>();
export const toasts = vi.fn();
/** Path → the body of its response; a path without one gets 404. */
export const responses = new Map<string, unknown>();

export const app = {
  registerExtension: (extension: Extension) => registered.push(extension),
  extensionManager: { toast: { add: toasts } },
};

export const api = {
  fetchApi: (path: string) =>
    Promise.resolve({
      ok: responses.has(path),
      status: responses.has(path) ? 200 : 404,
      json: () => Promise.resolve(responses.get(path)),
    }),
  addEventListener: (name: string, listener: Listener) => listeners.set(name, listener),
};
