import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Reason of a delay: one name from one client, many names from one client, one name from many clients. */
export type LockoutKind = 'user' | 'address' | 'strangers';

/** A delay that holds at the moment. */
export interface Lockout {
  readonly id: string;
  readonly kind: LockoutKind;
  readonly endpoint: string;
  /** As typed, so it may be a secret: show it only if it is the name of a user. */
  readonly username: string;
  /** The client's address, or its network. */
  readonly network: string;
  readonly seconds: number;
}

/** A delay, and how to end it. */
export interface LockoutPlace extends Omit<Lockout, 'id' | 'seconds'> {
  readonly waitMs: () => number;
  readonly clear: () => void;
}

interface Counters {
  waitMs(key: string): number;
  clear(key: string): void;
}

export function placeIn(counters: Counters, key: string): Pick<LockoutPlace, 'waitMs' | 'clear'> {
  return {
    waitMs: () => counters.waitMs(key),
    clear: () => {
      counters.clear(key);
    },
  };
}

const MOST = 200;

/** The delays that began last, for operators. One entry per name, client and kind. */
export class RecentLockouts {
  readonly #byId = new LRUCache<string, LockoutPlace>({ max: MOST });

  add(place: LockoutPlace): void {
    for (const [id, known] of this.#byId.entries()) if (isSame(known, place)) this.#byId.delete(id);
    this.#byId.set(randomUUID(), place);
  }

  list(): Lockout[] {
    return [...this.#byId.entries()].flatMap(([id, { kind, endpoint, username, network, waitMs }]) => {
      const seconds = Math.ceil(waitMs() / 1000);
      return seconds > 0 ? [{ id, kind, endpoint, username, network, seconds }] : [];
    });
  }

  unlock(id: string): boolean {
    const place = this.#byId.get(id);
    place?.clear();
    this.#byId.delete(id);
    return place !== undefined;
  }
}

function isSame(one: LockoutPlace, other: LockoutPlace): boolean {
  return (['kind', 'endpoint', 'username', 'network'] as const).every((name) => one[name] === other[name]);
}
