import { explainTlsError } from '../errors/tls-error.ts';
import { readLimited } from './read-limited.ts';

/** ComfyUI's worker thread, which runs every prompt. */
export interface WorkerState {
  readonly alive: boolean;
  /** How often it ended and was restarted, or a prompt was abandoned. */
  readonly restarts: number;
  /** How long the current prompt has been running; null when none is. */
  readonly runningSeconds: number | null;
}

/** What the plugin says of itself at `GET /_tenant/plugin`. */
interface PluginFacts {
  readonly plugin: string;
  readonly comfyui: string;
  /** First 8 hex digits of the SHA-256 of its key; null when it has none. */
  readonly key: string | null;
  readonly hooks: { readonly fit: number; readonly all: number };
  /** `kernel (Landlock ABI 7)` or `Python only (reason)`; missing from plugin 0.1. */
  readonly isolation?: string;
  /** Missing from plugin 0.1. */
  readonly worker?: WorkerState;
}

export type PluginState =
  | { readonly kind: 'present'; readonly facts: PluginFacts }
  /** Something answers, and it is not the plugin. */
  | { readonly kind: 'absent'; readonly status: number }
  /** The TLS error, with its remedy. */
  | { readonly kind: 'untrusted'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string };

const PATIENCE_MS = 5000;

function areHooks(hooks: Partial<PluginFacts['hooks']> | undefined): boolean {
  return typeof hooks?.fit === 'number' && typeof hooks.all === 'number';
}

function isTextOrMissing(text: unknown): boolean {
  return text === undefined || typeof text === 'string';
}

function isWorkerOrMissing(worker: Partial<WorkerState> | null | undefined): boolean {
  if (worker === undefined) return true;
  return (
    typeof worker?.alive === 'boolean' &&
    typeof worker.restarts === 'number' &&
    (worker.runningSeconds === null || typeof worker.runningSeconds === 'number')
  );
}

function isFacts(value: unknown): value is PluginFacts {
  const facts = value as Partial<PluginFacts> | null;
  return (
    typeof facts === 'object' &&
    typeof facts?.plugin === 'string' &&
    typeof facts.comfyui === 'string' &&
    (facts.key === null || typeof facts.key === 'string') &&
    areHooks(facts.hooks) &&
    isTextOrMissing(facts.isolation) &&
    isWorkerOrMissing(facts.worker)
  );
}

function whyOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}

function failure(error: unknown): PluginState {
  const why = error instanceof Error ? explainTlsError(error.cause ?? error) : undefined;
  return why === undefined ? { kind: 'unreachable', why: whyOf(error) } : { kind: 'untrusted', why };
}

/** Asks a ComfyUI, straight at its port, whether the plugin is in it. */
export async function askPlugin(url: string): Promise<PluginState> {
  try {
    const response = await fetch(new URL('/_tenant/plugin', url), {
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await readLimited(response);
    if (response.status !== 200) return { kind: 'absent', status: response.status };
    const facts: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
    return isFacts(facts) ? { kind: 'present', facts } : { kind: 'absent', status: response.status };
  } catch (error) {
    return failure(error);
  }
}

export interface SharedKey {
  readonly file: string;
  readonly fingerprint: string;
}

const HOST = /^https?:\/\/([^/]+)/;

/** What keeps a ComfyUI from serving several users, with the remedy; undefined when all is well. */
export function pluginFault(state: PluginState, url: string, key: SharedKey): string | undefined {
  const place = HOST.exec(url)?.[1] ?? url;
  switch (state.kind) {
    case 'unreachable':
      return `ComfyUI at ${place} does not answer (${state.why}). Start it; until then requests get 503.`;
    case 'untrusted':
      return `ComfyUI at ${place} cannot be checked. ${state.why}`;
    case 'absent':
      return (
        `ComfyUI at ${place} answers but shows no comfy-tenant plugin (GET /_tenant/plugin: ${state.status}). ` +
        'Put the folder plugin/ into its custom_nodes and restart it. Until then nothing is isolated, so requests are refused (503).'
      );
    case 'present': {
      const theirs = state.facts.key;
      if (theirs === key.fingerprint) return undefined;
      const differs =
        theirs === null
          ? 'has no key'
          : `uses another key than ${key.file} (fingerprints ${theirs.slice(0, 4)} / ${key.fingerprint.slice(0, 4)})`;
      return `The plugin at ${place} ${differs}. Point COMFY_TENANT_KEY_FILE to ${key.file} and restart ComfyUI.`;
    }
  }
}
