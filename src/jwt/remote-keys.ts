import { createLocalJWKSet } from 'jose';
import type { GetKey, KeySource } from './key-source.ts';

type FetchResult =
  | {
      readonly ok: true;
      readonly keys: number;
      /** Whether they differ from the keys before. */
      readonly changed: boolean;
      readonly nextFetchMs: number;
    }
  | { readonly ok: false; readonly problem: string; readonly nextFetchMs: number };
type Jwks = Parameters<typeof createLocalJWKSet>[0];

export interface RemoteKeysOptions {
  /** Fetches the key set and its lifetime. */
  readonly fetchKeys: () => Promise<{ jwks: Jwks; maxAgeMs: number | undefined }>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly cooldownMs: number;
  /** How long cached keys are used past their lifetime while the issuer is down. */
  readonly maxStaleMs: number;
  readonly onFetch: (result: FetchResult) => void;
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

  /** An empty set withdraws all known keys. */
  function replaceKeys(jwks: Jwks): void {
    const newText = JSON.stringify(jwks);
    if (newText === text) return;
    text = newText;
    const newKey = jwks.keys.length === 0 ? undefined : createLocalJWKSet(jwks);
    if (newKey !== undefined || getKey !== undefined) generation++;
    getKey = newKey;
  }

  async function fetchNow(): Promise<void> {
    try {
      const { jwks, maxAgeMs } = await options.fetchKeys();
      const textBefore = text;
      replaceKeys(jwks);
      if (jwks.keys.length === 0) throw new Error('the JWKS contains no usable key');
      const changed = text !== textBefore;
      fetchedMs = now();
      freshUntilMs = fetchedMs + lifeMs(maxAgeMs);
      failures = 0;
      problem = undefined;
      const nextFetchMs = lifeMs(maxAgeMs) * AHEAD;
      schedule(nextFetchMs);
      options.onFetch({ ok: true, keys: jwks.keys.length, changed, nextFetchMs });
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      const nextFetchMs = Math.min(RETRY_MS.first * 2 ** failures++, RETRY_MS.most);
      schedule(nextFetchMs);
      options.onFetch({ ok: false, problem, nextFetchMs });
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
