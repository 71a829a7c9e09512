import { LRUCache } from 'lru-cache';

/** Attempts that all unknown clients together have per name, and the time to regain one. */
const AT_ONCE = 50;
const ONE_MORE_MS = 30_000;
const MAX_ENTRIES = 10_000;

/** When the budget of a name is full again; the used part is the time until then. */
type WholeAtMs = number;

/**
 * One budget per user name, shared by all clients that have never signed in with it, so that many addresses together
 * guess no faster than a few. Names that used more than half are stored separately, safe from a flood of new names.
 */
export class StrangerBudget {
  readonly #now: () => number;
  readonly #light = new LRUCache<string, WholeAtMs>({ max: MAX_ENTRIES });
  readonly #heavy = new LRUCache<string, WholeAtMs>({ max: MAX_ENTRIES });

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds until an unknown client may try this name; 0 if it may try now. */
  waitMs(name: string): number {
    return Math.max(0, this.#usedMs(name) - (AT_ONCE - 1) * ONE_MORE_MS);
  }

  /** Uses one attempt. Returns whether the budget is now exhausted. */
  take(name: string): boolean {
    this.#set(name, this.#usedMs(name) + ONE_MORE_MS);
    return this.waitMs(name) > 0;
  }

  giveBack(name: string): void {
    this.#set(name, this.#usedMs(name) - ONE_MORE_MS);
  }

  clear(name: string): void {
    this.#set(name, 0);
  }

  #usedMs(name: string): number {
    const wholeAtMs = this.#heavy.get(name) ?? this.#light.get(name) ?? 0;
    return Math.max(0, wholeAtMs - this.#now());
  }

  #set(name: string, usedMs: number): void {
    this.#light.delete(name);
    this.#heavy.delete(name);
    if (usedMs <= 0) return;
    const tier = usedMs > (AT_ONCE / 2) * ONE_MORE_MS ? this.#heavy : this.#light;
    tier.set(name, this.#now() + usedMs);
  }
}
