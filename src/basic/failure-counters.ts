import { LRUCache } from 'lru-cache';

/** Failed and pending attempts of one key. */
export interface FailureCounter {
  failures: number;
  pending: number;
  blockedUntilMs: number;
}

export interface CounterOptions {
  /** Failures without a delay; each further one doubles it. */
  readonly free: number;
  /** Milliseconds of a monotonic clock, above zero. */
  readonly now: () => number;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 300_000;
const FORGET_AFTER_MS = 900_000;
const MAX_ENTRIES = 10_000;

/**
 * Failure counters with exponential delays, bounded in number. Counters above the free limit are stored separately, so
 * that a flood of new clients with one failure each evicts only similar entries.
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

  /** Milliseconds until the next attempt may start; 0 if it may start now. Pending attempts count as failures. */
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

  /** Records a failed attempt. Returns whether a delay starts. */
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

  /** Removes a pending attempt without counting it. */
  undo(key: string, counter: FailureCounter): void {
    counter.pending--;
    if (counter.failures > 0 || counter.pending > 0) return;
    this.#within.delete(key);
    this.#beyond.delete(key);
  }

  /** Forgets the failures of a key. Attempts that are pending still end as usual. */
  clear(key: string): void {
    const counter = this.#get(key);
    if (counter !== undefined) this.forgive(counter);
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
