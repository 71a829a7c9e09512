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
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /** Changes when what was judged may no longer hold, such as when the issuer withdrew a key: then all is forgotten. */
  readonly generation: () => number;
  /** Whether a client profits only from what it sent itself, as where failures of a client delay it. */
  readonly perClient?: boolean;
  readonly onLookup?: (result: CacheLookup) => void;
}

interface Remembered {
  readonly decision: Decision;
  /** By the clock: credentials expire by it. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Monotonic: a clock that is set back must not keep the decision longer. */
  readonly forgetAtMs: number;
}

/** Short, so that a corrected password or a new key counts soon. */
const REFUSAL_TTL_MS = 2000;
/** Anyone can cause refusals, so they have a space of their own and never push out a success. */
const MAX_REFUSALS = 5000;
/** Refusals of longer credentials are not worth their memory. */
const REFUSAL_MAX_LENGTH = 2048;

/**
 * Remembers what a method said of the same credentials, by an HMAC of the whole of them; concurrent equal checks share
 * one judgement. Failures to judge and delays are never remembered.
 */
export function cacheDecisions(method: AuthMethod, options: CachedDecisionsOptions): AuthMethod {
  const { now, monotonic } = options;
  const digest = keyedHmac(randomBytes(32));
  const allowed = new LRUCache<string, Remembered>({ max: options.maxEntries });
  const refused = new LRUCache<string, Remembered>({ max: Math.min(options.maxEntries, MAX_REFUSALS) });
  const underWay = new Map<string, Promise<Decision>>();
  let generation = options.generation();

  function forgetWhatChanged(): void {
    if (options.generation() === generation) return;
    generation = options.generation();
    allowed.clear();
    refused.clear();
    underWay.clear();
  }

  function keep(key: string, decision: Decision, length: number): void {
    const ttlMs = lifeMs(decision, length);
    const fromMs = now();
    const remembered = { decision, fromMs, untilMs: fromMs + ttlMs, forgetAtMs: monotonic() + ttlMs };
    const [own, other] = decision.kind === 'allow' ? [allowed, refused] : [refused, allowed];
    other.delete(key);
    if (ttlMs > 0) own.set(key, remembered);
  }

  function recall(key: string): Decision | undefined {
    const known = allowed.get(key) ?? refused.get(key);
    if (known === undefined || monotonic() >= known.forgetAtMs) return undefined;
    const nowMs = now();
    return known.fromMs <= nowMs && nowMs < known.untilMs ? known.decision : undefined;
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
      const known = recall(key);
      if (known !== undefined) {
        client.lookup = 'hit';
        options.onLookup?.('hit');
        return known;
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
