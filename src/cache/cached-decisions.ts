import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AuthMethod, CacheLookup } from '../auth/auth-method.ts';
import type { Allow, Decision } from '../auth/decision.ts';
import { keyedHmac } from './hmac.ts';

export interface CachedDecisionsOptions {
  /** How long a success is cached, in milliseconds; never past the credentials' expiry. */
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /** Changes when cached decisions may be outdated, for example after an issuer removed a key; this clears the cache. */
  readonly generation: () => number;
  /** Cache per client address, for methods that delay clients after failures. */
  readonly perClient?: boolean;
  readonly onLookup?: (result: CacheLookup) => void;
}

interface CachedDecision {
  readonly decision: Decision;
  /** By the clock: credentials expire by it. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Monotonic: a clock that is set back must not keep the decision longer. */
  readonly forgetAtMs: number;
}

function endOf({ identity, cacheUntilMs }: Allow): number {
  return Math.min(identity.expiresAtMs ?? Number.POSITIVE_INFINITY, cacheUntilMs ?? Number.POSITIVE_INFINITY);
}

/** Short, so that a corrected password or a new key takes effect soon. */
const REFUSAL_TTL_MS = 2000;
/** Anyone can cause refusals, so they have their own space and never push out a success. */
const MAX_REFUSALS = 5000;
/** Denials of longer credentials are not cached, to save memory. */
const REFUSAL_MAX_LENGTH = 2048;

/**
 * Caches a method's decisions, keyed by an HMAC of the full credentials. Concurrent checks of the same credentials share
 * one authentication. `unavailable` decisions and delays are never cached.
 */
export function cacheDecisions(method: AuthMethod, options: CachedDecisionsOptions): AuthMethod {
  const { now, monotonic } = options;
  const digest = keyedHmac(randomBytes(32));
  const allowed = new LRUCache<string, CachedDecision>({ max: options.maxEntries });
  const refused = new LRUCache<string, CachedDecision>({ max: Math.min(options.maxEntries, MAX_REFUSALS) });
  const pending = new Map<string, Promise<Decision>>();
  let generation = options.generation();

  function clearIfOutdated(): void {
    if (options.generation() === generation) return;
    generation = options.generation();
    allowed.clear();
    refused.clear();
    pending.clear();
  }

  function keep(key: string, decision: Decision, length: number): void {
    const ttlMs = ttlOf(decision, length);
    const fromMs = now();
    const cached = { decision, fromMs, untilMs: fromMs + ttlMs, forgetAtMs: monotonic() + ttlMs };
    const [own, other] = decision.kind === 'allow' ? [allowed, refused] : [refused, allowed];
    other.delete(key);
    if (ttlMs > 0) own.set(key, cached);
  }

  function recall(key: string): Decision | undefined {
    const known = allowed.get(key) ?? refused.get(key);
    if (known === undefined || monotonic() >= known.forgetAtMs) return undefined;
    const nowMs = now();
    return known.fromMs <= nowMs && nowMs < known.untilMs ? known.decision : undefined;
  }

  function ttlOf(decision: Decision, length: number): number {
    switch (decision.kind) {
      case 'allow':
        return Math.min(options.ttlMs, endOf(decision) - now());
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
      const known = recall(key);
      if (known !== undefined) {
        client.lookup = 'hit';
        options.onLookup?.('hit');
        return known;
      }
      const shared = pending.get(key);
      client.lookup = shared === undefined ? 'miss' : 'shared';
      options.onLookup?.(client.lookup);
      if (shared !== undefined) return shared;
      const decision = method.authenticate(credentials, client);
      if (decision instanceof Promise) return share(key, text.length, decision);
      keep(key, decision, text.length);
      return decision;
    },
  };
}
