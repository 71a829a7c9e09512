import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AuthMethod, CacheLookup } from '../auth/auth-method.ts';
import type { Decision } from '../auth/decision.ts';
import { keyedHmac } from './hmac.ts';

export interface CachedDecisionsOptions {
  /** Longest time that a success is remembered, never past its expiry. */
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Changes when what was judged may no longer hold, such as when the issuer withdrew a key: then all is forgotten. */
  readonly generation: () => number;
  /** Whether a client profits only from what it sent itself, as where failures of a client delay it. */
  readonly perClient?: boolean;
  readonly onLookup?: (result: CacheLookup) => void;
}

interface Remembered {
  readonly decision: Decision;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Not before it was made either: a clock that was set back must not prolong it. */
function holds({ fromMs, untilMs }: Remembered, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}

/** Short, so that a corrected password or a new key counts soon. */
const REFUSAL_TTL_MS = 2000;
/** Refusals of longer credentials are not worth their memory. */
const REFUSAL_MAX_LENGTH = 2048;

/**
 * Remembers what a method said of the same credentials, by an HMAC of the whole of them; concurrent equal checks share
 * one judgement. Failures to judge and delays are never remembered.
 */
export function cacheDecisions(method: AuthMethod, options: CachedDecisionsOptions): AuthMethod {
  const { now } = options;
  const digest = keyedHmac(randomBytes(32));
  const decisions = new LRUCache<string, Remembered>({ max: options.maxEntries });
  const underWay = new Map<string, Promise<Decision>>();
  let generation = options.generation();

  function forgetWhatChanged(): void {
    if (options.generation() === generation) return;
    generation = options.generation();
    decisions.clear();
    underWay.clear();
  }

  function keep(key: string, decision: Decision, length: number): void {
    const ttlMs = lifeMs(decision, length);
    if (ttlMs > 0) decisions.set(key, { decision, fromMs: now(), untilMs: now() + ttlMs });
  }

  function lifeMs(decision: Decision, length: number): number {
    switch (decision.kind) {
      case 'allow':
        return Math.min(options.ttlMs, (decision.identity.expiresAtMs ?? Number.POSITIVE_INFINITY) - now());
      case 'deny':
        return length <= REFUSAL_MAX_LENGTH && decision.retryAfterSeconds === undefined ? REFUSAL_TTL_MS : 0;
      case 'unavailable':
        return 0;
    }
  }

  function share(key: string, length: number, judging: Promise<Decision>): Promise<Decision> {
    const begun = options.generation();
    const shared = judging
      .then((decision) => {
        if (begun === options.generation()) keep(key, decision, length);
        return decision;
      })
      .finally(() => {
        if (underWay.get(key) === shared) underWay.delete(key);
      });
    underWay.set(key, shared);
    return shared;
  }

  return {
    ...method,
    authenticate(credentials, client) {
      const { text } = credentials;
      forgetWhatChanged();
      const key = digest(options.perClient === true ? `${client.address}\n${text}` : text);
      const known = decisions.get(key);
      if (known !== undefined && holds(known, now())) {
        client.lookup = 'hit';
        options.onLookup?.('hit');
        return known.decision;
      }
      const shared = underWay.get(key);
      client.lookup = shared === undefined ? 'miss' : 'shared';
      options.onLookup?.(client.lookup);
      if (shared !== undefined) return shared;
      const judged = method.authenticate(credentials, client);
      if (judged instanceof Promise) return share(key, text.length, judged);
      keep(key, judged, text.length);
      return judged;
    },
  };
}
