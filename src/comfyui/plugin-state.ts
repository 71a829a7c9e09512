import { explainTlsError } from '../errors/tls-error.ts';
import { limitedFetch } from '../http/limited-fetch.ts';

const KEY_FILES = ['public', 'shared', 'both', 'unset', 'missing', 'private', 'invalid'] as const;

/** ComfyUI's worker thread, which runs every prompt. */
export interface WorkerState {
  readonly alive: boolean;
  /** How often it was restarted or a prompt was abandoned. */
  readonly restarts: number;
  /** How long the current prompt has been running; null if none is. */
  readonly runningSeconds: number | null;
}

/** The plugin's response to `GET /_tenant/plugin`. */
export interface PluginFacts {
  readonly plugin: string;
  readonly comfyui: string;
  /** Fingerprint of its first key; null if it has none. */
  readonly key: string | null;
  /** The kind of file in `COMFY_TENANT_KEY_FILE`. */
  readonly keyFile: (typeof KEY_FILES)[number];
  /** The `aud` that it requires; null without public keys. */
  readonly audience?: string | null;
  /** Fingerprint of a shared key of comfy-tenant 0.1 that it accepts too. */
  readonly sharedKey?: string | null;
  readonly hooks: { readonly fit: number; readonly all: number };
  /** `kernel (Landlock ABI 7)` or `Python only (reason)`; missing from plugin 0.1. */
  readonly isolation?: string;
  /** Missing from plugin 0.1. */
  readonly worker?: WorkerState;
}

export type PluginState =
  | { readonly kind: 'present'; readonly facts: PluginFacts }
  /** Something else answers. */
  | { readonly kind: 'absent'; readonly status: number }
  /** The TLS error, with a fix. */
  | { readonly kind: 'untrusted'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string };

const TIMEOUT_MS = 5000;
/** No answer of the plugin is larger. */
const MAX_BYTES = 64 * 1024;

function areHooks(hooks: Partial<PluginFacts['hooks']> | undefined): boolean {
  return typeof hooks?.fit === 'number' && typeof hooks.all === 'number';
}

/** Version 0.1 did not report its key file: it was a shared key, if any. */
function complete(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'keyFile' in value || !('key' in value)) return value;
  return { ...value, keyFile: value.key === null ? 'invalid' : 'shared' };
}

function isText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function isKey({ key, keyFile, audience, sharedKey }: Partial<PluginFacts>): boolean {
  return (
    key !== undefined && KEY_FILES.some((one) => one === keyFile) && [key, audience, sharedKey].every(isText)
  );
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
    isKey(facts) &&
    areHooks(facts.hooks) &&
    isText(facts.isolation) &&
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

/** Asks a ComfyUI directly for its plugin's state. Never rejects; ends within 5 s. */
export async function askPlugin(url: string): Promise<PluginState> {
  try {
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
    const { status, text } = await limitedFetch(new URL('/_tenant/plugin', url), {}, limits);
    if (status !== 200) return { kind: 'absent', status };
    const facts: unknown = text.startsWith('{') ? complete(JSON.parse(text)) : undefined;
    return isFacts(facts) ? { kind: 'present', facts } : { kind: 'absent', status };
  } catch (error) {
    return failure(error);
  }
}
