import { LRUCache } from 'lru-cache';

/** How often one client failed, and how many of its attempts are not judged yet. */
export interface FailureCounter {
  failures: number;
  pending: number;
  blockedUntilMs: number;
}

export interface CounterOptions {
  /** Failures that cost nothing, before each further one doubles the delay. */
  readonly free: number;
  /** Milliseconds of a monotonic clock, above zero. */
  readonly now: () => number;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 300_000;
const FORGET_AFTER_MS = 900_000;
const MAX_ENTRIES = 10_000;

/**
 * Counters with growing delays, bounded in number. Those that have used up what is free are kept apart, so that a flood
 * of new clients with one failure each pushes out only others like them.
 */
export class FailureCounters {
  readonly #free: number;
  readonly #now: () => number;
  readonly #within: LRUCache<string, FailureCounter>;
  readonly #beyond: LRUCache<string, FailureCounter>;

  constructor({ free, now }: CounterOptions) {
    this.#free = free;
    this.#now = now;
    const options = { max: MAX_ENTRIES, ttl: FORGET_AFTER_MS, ttlResolution: 0, perf: { now } };
    this.#within = new LRUCache(options);
    this.#beyond = new LRUCache(options);
  }

  /** Milliseconds until the next attempt may begin; 0 when it may now. Attempts under way count as failures to come. */
  waitMs(key: string): number {
    const counter = this.#get(key);
    if (counter === undefined) return 0;
    const delayMs = counter.blockedUntilMs - this.#now();
    if (delayMs > 0) return delayMs;
    const exhausted = counter.failures + counter.pending > this.#free;
    return exhausted && counter.pending > 0 ? FIRST_DELAY_MS : 0;
  }

  begin(key: string): FailureCounter {
    const counter = this.#get(key) ?? { failures: 0, pending: 0, blockedUntilMs: 0 };
    counter.pending++;
    this.#keep(key, counter);
    return counter;
  }

  /** An attempt that failed. Returns whether a delay begins. */
  fail(key: string, counter: FailureCounter): boolean {
    counter.pending--;
    counter.failures++;
    const delayed = counter.failures - this.#free;
    if (delayed > 0) {
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (delayed - 1), LONGEST_DELAY_MS);
      counter.blockedUntilMs = this.#now() + delayMs;
    }
    this.#keep(key, counter);
    return delayed > 0;
  }

  /** An attempt that counts for nothing. */
  undo(key: string, counter: FailureCounter): void {
    counter.pending--;
    if (counter.failures > 0 || counter.pending > 0) return;
    this.#within.delete(key);
    this.#beyond.delete(key);
  }

  forgive(counter: FailureCounter): void {
    counter.failures = 0;
    counter.blockedUntilMs = 0;
  }

  #get(key: string): FailureCounter | undefined {
    return this.#beyond.get(key) ?? this.#within.get(key);
  }

  #keep(key: string, counter: FailureCounter): void {
    const beyond = counter.failures > this.#free;
    (beyond ? this.#within : this.#beyond).delete(key);
    (beyond ? this.#beyond : this.#within).set(key, counter);
  }
}
