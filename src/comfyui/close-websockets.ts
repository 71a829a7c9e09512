import { setTimeout as sleep } from 'node:timers/promises';
import { comfyuiGroups } from '../config/comfyui-groups.ts';
import type { Config } from '../config/schema.ts';
import { TOKEN_HEADER } from '../http/gateway-headers.ts';
import { limitedFetch } from '../http/limited-fetch.ts';
import { sessionDigest } from '../token/session-digest.ts';

/** Whose WebSockets to close: all fields that are given must match. */
export interface Ended {
  /** Undefined: at every endpoint. */
  readonly endpoint?: string | undefined;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Milliseconds since 1970. */
  readonly issuedBeforeMs?: number | undefined;
}

export type CloseResult =
  | { readonly kind: 'closed'; readonly url: string; readonly sockets: number }
  | { readonly kind: 'failed' | 'given-up'; readonly url: string; readonly problem: string };

export interface CloseWebSocketsOptions {
  readonly fetch: typeof fetch;
  /** Signs a token with the right `close`. */
  readonly token: (audience: string) => Promise<string>;
  readonly onResult: (result: CloseResult) => void;
  readonly signal: AbortSignal;
  /** Waits before a retry. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

const TIMEOUT_MS = 5000;
const MAX_BYTES = 64 * 1024;
/** How long to wait before each retry: in all longer than a ComfyUI takes to restart. */
const RETRIES_MS = [500, 1000, 2000, 5000, ...Array.from({ length: 30 }, () => 10_000)];

/** The wait after each attempt. */
const ATTEMPTS: readonly (number | undefined)[] = [...RETRIES_MS, undefined];

interface Comfyui {
  readonly url: string;
  readonly audience: string;
}

function comfyuisOf(config: Config, endpoint: string | undefined): Comfyui[] {
  const groups = comfyuiGroups(config);
  const found = config.endpoints
    .filter(({ name, multiTenant }) => multiTenant && name === (endpoint ?? name))
    .flatMap(({ name, upstream }) => {
      const audience = groups.find(({ endpoints }) => endpoints.includes(name))?.audience ?? '';
      return upstream.map((url): [string, Comfyui] => [url, { url, audience }]);
    });
  return [...new Map(found).values()];
}

function entryOf({ userId, sessionId, issuedBeforeMs }: Ended): object {
  const issuedBefore = issuedBeforeMs === undefined ? undefined : Math.ceil(issuedBeforeMs);
  return {
    user: userId,
    session: sessionId === undefined ? undefined : sessionDigest(sessionId),
    issuedBefore,
  };
}

interface Failure {
  readonly why: string;
  readonly retry: boolean;
}

/** Why a response is not the expected one; `retry` if it may be once ComfyUI has started or has our keys. */
function problemOf(status: number): Failure {
  if ([401, 404, 405].includes(status))
    return { why: `its plugin is too old (${status}): install this version's`, retry: false };
  return { why: `it answered ${status}`, retry: true };
}

async function request(
  { url, audience }: Comfyui,
  ended: readonly Ended[],
  options: CloseWebSocketsOptions,
): Promise<number | Failure> {
  try {
    const headers = {
      'content-type': 'application/json',
      [TOKEN_HEADER]: await options.token(audience),
    };
    const body = JSON.stringify({ close: ended.map(entryOf) });
    const { fetch, signal } = options;
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, fetch, signal };
    const address = new URL('/_tenant/close', url);
    const { status, text } = await limitedFetch(address, { method: 'POST', headers, body }, limits);
    if (status !== 200) return problemOf(status);
    const { closing } = JSON.parse(text) as { closing?: unknown };
    return typeof closing === 'number' ? closing : 0;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { why: cause instanceof Error ? cause.message : String(cause), retry: true };
  }
}

/**
 * Makes every ComfyUI of the endpoints close WebSockets, and repeats that while one does not answer. Never throws.
 *
 * @returns when all have answered or were given up
 */
export async function closeWebSockets(
  config: Config,
  ended: readonly Ended[],
  options: CloseWebSocketsOptions,
): Promise<void> {
  const { onResult, signal, pause = (ms: number) => sleep(ms, undefined, { signal, ref: false }) } = options;
  const byUrl = new Map<string, { comfyui: Comfyui; ended: Ended[] }>();
  for (const one of ended) {
    for (const comfyui of comfyuisOf(config, one.endpoint)) {
      const known = byUrl.get(comfyui.url) ?? { comfyui, ended: [] };
      byUrl.set(comfyui.url, known);
      known.ended.push(one);
    }
  }

  async function untilClosed(comfyui: Comfyui, its: readonly Ended[]): Promise<void> {
    const { url } = comfyui;
    for (const waitMs of ATTEMPTS) {
      if (signal.aborted) return;
      const result = await request(comfyui, its, options);
      if (typeof result === 'number') {
        onResult({ kind: 'closed', url, sockets: result });
        return;
      }
      const retryMs = result.retry ? waitMs : undefined;
      onResult({ kind: retryMs === undefined ? 'given-up' : 'failed', url, problem: result.why });
      if (retryMs === undefined) return;
      await pause(retryMs).catch(() => undefined); // Rejects only when the service ends.
    }
  }

  await Promise.all([...byUrl.values()].map(({ comfyui, ended: its }) => untilClosed(comfyui, its)));
}
