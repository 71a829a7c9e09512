import { createLocalJWKSet } from 'jose';
import type { GetKey, KeySource } from './key-source.ts';

export interface RemoteKeysOptions {
  /** Fetches the key set and its lifetime. */
  readonly fetchKeys: () => Promise<{
    jwks: Parameters<typeof createLocalJWKSet>[0];
    maxAgeMs: number | undefined;
  }>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly cooldownMs: number;
  /** How long cached keys are used past their lifetime while the issuer is down. */
  readonly maxStaleMs: number;
  readonly onFetch: (result: { ok: true } | { ok: false; problem: string }) => void;
}

const BOUNDS_MS = { least: 60_000, usual: 600_000, most: 3_600_000 };
const RETRY_MS = { first: 1000, most: 60_000 };
/** Keys are refreshed after this fraction of their lifetime. */
const AHEAD = 0.8;

function lifeMs(maxAgeMs: number | undefined): number {
  return Math.min(Math.max(maxAgeMs ?? BOUNDS_MS.usual, BOUNDS_MS.least), BOUNDS_MS.most);
}

/**
 * Keys fetched from an issuer: immediately, again before they expire, and for an unknown `kid` at most once per
 * cooldown. Concurrent callers share one fetch.
 */
export function createRemoteKeys(options: RemoteKeysOptions): KeySource {
  const { now } = options;
  let getKey: GetKey | undefined;
  let text = '';
  let generation = 0;
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  let fetchedMs = Number.NEGATIVE_INFINITY;
  let lastRefreshMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let problem: string | undefined = 'not fetched yet';
  let fetching: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function schedule(delayMs: number): void {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => void fetchOnce(), delayMs);
    timer.unref();
  }

  /** After the clock was set back, the lifetime of the keys restarts at most, so they are not used longer. */
  function followClock(): void {
    const back = fetchedMs - now();
    if (back <= 0) return;
    fetchedMs -= back;
    freshUntilMs -= back;
  }

  async function fetchNow(): Promise<void> {
    try {
      const { jwks, maxAgeMs } = await options.fetchKeys();
      const newText = JSON.stringify(jwks);
      if (newText !== text) {
        getKey = createLocalJWKSet(jwks);
        text = newText;
        generation++;
      }
      fetchedMs = now();
      freshUntilMs = fetchedMs + lifeMs(maxAgeMs);
      failures = 0;
      problem = undefined;
      schedule(lifeMs(maxAgeMs) * AHEAD);
      options.onFetch({ ok: true });
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      schedule(Math.min(RETRY_MS.first * 2 ** failures++, RETRY_MS.most));
      options.onFetch({ ok: false, problem });
    }
  }

  function fetchOnce(): Promise<void> {
    fetching ??= fetchNow().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  void fetchOnce();

  return {
    current() {
      followClock();
      return now() - freshUntilMs <= options.maxStaleMs ? getKey : undefined;
    },
    async refresh() {
      if (fetching === undefined) {
        // Absolute value: the clock may have been set back.
        if (Math.abs(now() - lastRefreshMs) < options.cooldownMs) return false;
        lastRefreshMs = now();
      }
      await fetchOnce();
      return true;
    },
    get generation() {
      return generation;
    },
    get problem() {
      return problem;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
