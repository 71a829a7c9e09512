import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AuthMethod } from '../auth/auth-method.ts';
import type { Decision } from '../auth/decision.ts';
import { keyedHmac } from './hmac.ts';

export interface CachedDecisionsOptions {
  /** How long a success is cached, in milliseconds; never past the credentials' expiry. */
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Changes when cached decisions may be outdated, for example after an issuer removed a key; this clears the cache. */
  readonly generation: () => number;
  /** Cache per client address, for methods that delay clients after failures. */
  readonly perClient?: boolean;
  readonly onLookup?: (result: 'hit' | 'shared' | 'miss') => void;
}

interface CachedDecision {
  readonly decision: Decision;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Also false before `fromMs`: a clock that was set back must not extend it. */
function isValid({ fromMs, untilMs }: CachedDecision, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}

/** Short, so that a corrected password or a new key takes effect soon. */
const REFUSAL_TTL_MS = 2000;
/** Denials of longer credentials are not cached, to save memory. */
const REFUSAL_MAX_LENGTH = 2048;

/**
 * Caches a method's decisions, keyed by an HMAC of the full credentials. Concurrent checks of the same credentials share
 * one authentication. `unavailable` decisions and delays are never cached.
 */
export function cacheDecisions(method: AuthMethod, options: CachedDecisionsOptions): AuthMethod {
  const { now } = options;
  const digest = keyedHmac(randomBytes(32));
  const decisions = new LRUCache<string, CachedDecision>({ max: options.maxEntries });
  const pending = new Map<string, Promise<Decision>>();
  let generation = options.generation();

  function clearIfOutdated(): void {
    if (options.generation() === generation) return;
    generation = options.generation();
    decisions.clear();
    pending.clear();
  }

  function keep(key: string, decision: Decision, length: number): void {
    const ttlMs = ttlOf(decision, length);
    if (ttlMs > 0) decisions.set(key, { decision, fromMs: now(), untilMs: now() + ttlMs });
  }

  function ttlOf(decision: Decision, length: number): number {
    switch (decision.kind) {
      case 'allow':
        return Math.min(options.ttlMs, (decision.identity.expiresAtMs ?? Number.POSITIVE_INFINITY) - now());
      case 'deny':
        return length <= REFUSAL_MAX_LENGTH && decision.retryAfterSeconds === undefined ? REFUSAL_TTL_MS : 0;
      case 'unavailable':
        return 0;
    }
  }

  function share(key: string, length: number, running: Promise<Decision>): Promise<Decision> {
    const generationAtStart = options.generation();
    const shared = running
      .then((decision) => {
        if (generationAtStart === options.generation()) keep(key, decision, length);
        return decision;
      })
      .finally(() => {
        if (pending.get(key) === shared) pending.delete(key);
      });
    pending.set(key, shared);
    return shared;
  }

  return {
    ...method,
    authenticate(credentials, client) {
      const { text } = credentials;
      clearIfOutdated();
      const key = digest(options.perClient === true ? `${client.address}\n${text}` : text);
      const known = decisions.get(key);
      if (known !== undefined && isValid(known, now())) {
        options.onLookup?.('hit');
        return known.decision;
      }
      const shared = pending.get(key);
      options.onLookup?.(shared === undefined ? 'miss' : 'shared');
      if (shared !== undefined) return shared;
      const decision = method.authenticate(credentials, client);
      if (decision instanceof Promise) return share(key, text.length, decision);
      keep(key, decision, text.length);
      return decision;
    },
  };
}
