import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Account, Role } from './accounts-codec.ts';

/** Someone who is signed in to the console. */
export interface ConsoleUser {
  readonly name: string;
  readonly role: Role;
}

export interface ConsoleSessions {
  /** @returns the value of the cookie */
  begin(account: Account): string;
  /** Who has this cookie: never someone whose account was removed or whose password or role changed. */
  find(cookie: string): ConsoleUser | undefined;
  /** As `find`, but not a use that keeps the session open. */
  peek(cookie: string): ConsoleUser | undefined;
  end(cookie: string): void;
}

export interface SessionOptions {
  readonly accounts: () => readonly Account[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Buffer;
}

const IDLE_MS = 30 * 60_000;
const LONGEST_MS = 8 * 3_600_000;
const MOST = 200;

interface Entry {
  readonly account: Account;
  readonly endsAtMs: number;
  usedAtMs: number;
}

/** Sessions live in memory: a restart of the service ends them. Cookies are stored as digests. */
export function createConsoleSessions({ accounts, now, randomBytes }: SessionOptions): ConsoleSessions {
  const entries = new LRUCache<string, Entry>({ max: MOST });
  const keyOf = (cookie: string): string => createHash('sha256').update(cookie).digest('base64url');

  function isCurrent({ account, endsAtMs, usedAtMs }: Entry): boolean {
    const nowMs = now();
    if (nowMs >= endsAtMs || nowMs >= usedAtMs + IDLE_MS) return false;
    const { name, role, password } = account;
    return accounts().some((one) => one.name === name && one.role === role && one.password === password);
  }

  function currentOf(cookie: string): Entry | undefined {
    const key = keyOf(cookie);
    const entry = entries.get(key);
    if (entry === undefined || isCurrent(entry)) return entry;
    entries.delete(key);
    return undefined;
  }

  function userOf(entry: Entry | undefined): ConsoleUser | undefined {
    return entry && { name: entry.account.name, role: entry.account.role };
  }

  return {
    begin(account) {
      const cookie = randomBytes(32).toString('base64url');
      entries.set(keyOf(cookie), { account, endsAtMs: now() + LONGEST_MS, usedAtMs: now() });
      return cookie;
    },
    find(cookie) {
      const entry = currentOf(cookie);
      if (entry !== undefined) entry.usedAtMs = now();
      return userOf(entry);
    },
    peek: (cookie) => userOf(currentOf(cookie)),
    end(cookie) {
      entries.delete(keyOf(cookie));
    },
  };
}
