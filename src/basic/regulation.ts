import { LRUCache } from 'lru-cache';

/** Slows down who guesses passwords. */
export interface Regulation {
  /** Seconds for which this client may not try this name; 0 when it may. */
  blockedSeconds(username: string, address: string): number;
  failed(username: string, address: string): void;
  succeeded(username: string, address: string): void;
}

interface Failures {
  count: number;
  blockedUntilMs: number;
}

/** Failures that cost nothing, before each further one doubles the delay. */
const FREE = { pair: 4, pairUnderAttack: 0, address: 29 } as const;
/** Failures for one name, from anywhere, after which every new address gets one try only. */
const UNDER_ATTACK = 50;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 300_000;
const FORGET_AFTER_MS = 900_000;
const MAX_ENTRIES = 10_000;

function failuresBy(now: () => number) {
  return new LRUCache<string, Failures>({
    max: MAX_ENTRIES,
    ttl: FORGET_AFTER_MS,
    ttlResolution: 0,
    perf: { now },
  });
}

/**
 * Counts failures by user name and client address together, and by address alone, with growing delays; by name alone
 * only to become stricter with strangers, so that nobody's guesses from elsewhere lock out the right password.
 *
 * @param now milliseconds, any origin above zero
 * @param onBlock called each time a delay begins
 */
export function createRegulation(now: () => number, onBlock: (kind: 'user' | 'address') => void): Regulation {
  const byPair = failuresBy(now);
  const byAddress = failuresBy(now);
  const byName = failuresBy(now);
  const pairKey = (username: string, address: string): string => `${address} ${username}`;

  function count(failures: LRUCache<string, Failures>, key: string, free: number): boolean {
    const past = failures.get(key)?.count ?? 0;
    const delayed = past + 1 - free;
    const delayMs = delayed > 0 ? Math.min(FIRST_DELAY_MS * 2 ** (delayed - 1), LONGEST_DELAY_MS) : 0;
    failures.set(key, { count: past + 1, blockedUntilMs: now() + delayMs });
    return delayMs > 0;
  }

  return {
    blockedSeconds(username, address) {
      const pair = byPair.get(pairKey(username, address))?.blockedUntilMs ?? 0;
      const whole = byAddress.get(address)?.blockedUntilMs ?? 0;
      return Math.max(0, Math.ceil((Math.max(pair, whole) - now()) / 1000));
    },
    failed(username, address) {
      count(byName, username, Number.POSITIVE_INFINITY);
      const attacked = (byName.get(username)?.count ?? 0) > UNDER_ATTACK;
      const free = attacked ? FREE.pairUnderAttack : FREE.pair;
      if (count(byPair, pairKey(username, address), free)) onBlock('user');
      if (count(byAddress, address, FREE.address)) onBlock('address');
    },
    succeeded(username, address) {
      byPair.delete(pairKey(username, address));
    },
  };
}
