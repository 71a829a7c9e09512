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
  /** Fetches the key set anew; says how long it may be used. */
  readonly fetchKeys: () => Promise<{ jwks: Jwks; maxAgeMs: number | undefined }>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly cooldownMs: number;
  /** How long keys serve on past their age while the issuer is down. */
  readonly maxStaleMs: number;
  readonly onFetch: (result: FetchResult) => void;
}

const BOUNDS_MS = { least: 60_000, usual: 600_000, most: 3_600_000 };
const RETRY_MS = { first: 1000, most: 60_000 };
/** Keys are fetched again after this part of their age. */
const AHEAD = 0.8;

function lifeMs(maxAgeMs: number | undefined): number {
  return Math.min(Math.max(maxAgeMs ?? BOUNDS_MS.usual, BOUNDS_MS.least), BOUNDS_MS.most);
}

/**
 * Keys that are fetched: at once, again ahead of their expiry, and at most once a cooldown when a token names one that
 * is not known. Whoever needs them at the same time shares one fetch.
 */
export function createRemoteKeys(options: RemoteKeysOptions): KeySource {
  const { now } = options;
  let getKey: GetKey | undefined;
  let text = '';
  let generation = 0;
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  let fetchedMs = Number.NEGATIVE_INFINITY;
  let lastAskedMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let problem: string | undefined = 'not fetched yet';
  let underWay: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function schedule(delayMs: number): void {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => void fetchOnce(), delayMs);
    timer.unref();
  }

  /** A clock that was set back must not keep old keys longer: their time begins anew, at most. */
  function followClock(): void {
    const back = fetchedMs - now();
    if (back <= 0) return;
    fetchedMs -= back;
    freshUntilMs -= back;
  }

  /** An empty set is no set: keys that were known end, and whoever asks learns that there are none. */
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
    underWay ??= fetchNow().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  void fetchOnce();

  return {
    current() {
      followClock();
      return now() - freshUntilMs <= options.maxStaleMs ? getKey : undefined;
    },
    async refresh() {
      if (underWay === undefined) {
        // A clock that was set back must not make the cooldown as long as that.
        if (Math.abs(now() - lastAskedMs) < options.cooldownMs) return false;
        lastAskedMs = now();
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
