import { LRUCache } from 'lru-cache';

/** Accepts each text once. */
export interface UsedOnce {
  /** @returns false if it was used before; it is remembered until `untilMs`, in milliseconds since 1970 */
  use(text: string, untilMs: number): boolean;
  /** Accepts it again, because its use had no effect. */
  forget(text: string): void;
}

const MAX_REMEMBERED = 50_000;

/** @param now milliseconds since 1970 */
export function createUsedOnce(now: () => number): UsedOnce {
  const used = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  return {
    use(text, untilMs) {
      const before = used.get(text);
      if (before !== undefined && before > now()) return false;
      used.set(text, untilMs);
      return true;
    },
    forget(text) {
      used.delete(text);
    },
  };
}
