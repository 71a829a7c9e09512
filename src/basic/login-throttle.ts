import { createHmac, randomBytes } from 'node:crypto';
import { clientNetwork } from './client-network.ts';
import { FailureCounters } from './failure-counters.ts';
import { KnownClients } from './known-clients.ts';
import {
  placeIn,
  RecentLockouts,
  type Lockout,
  type LockoutKind,
  type LockoutPlace,
} from './recent-lockouts.ts';
import { StrangerBudget } from './stranger-budget.ts';

/** One login attempt. */
interface LoginTry {
  /** Name of the endpoint: at another one, the same name may be a different person. */
  readonly endpoint: string;
  readonly username: string;
  /** Of the client, in any format that `clientNetwork` accepts. */
  readonly address: string;
}

/** An attempt, counted as a failure until resolved. Call exactly one of these, once. */
export interface LoginAttempt {
  succeeded(): void;
  failed(): void;
  /** The password was not checked. */
  abandoned(): void;
}

type Admission =
  | { readonly kind: 'admitted'; readonly attempt: LoginAttempt }
  | { readonly kind: 'blocked'; readonly retryAfterSeconds: number };

/** For operators. */
export interface Lockouts {
  /** The delays that began last, at most 200. */
  lockouts(): readonly Lockout[];
  /** Ends a delay. Returns whether there was one. */
  unlock(id: string): boolean;
}

/** Rate-limits password guessing. */
export interface LoginThrottle {
  /** Counts an attempt before its password is checked, so that parallel guesses gain nothing. */
  begin(login: LoginTry): Admission;
}

const FREE = { pair: 4, address: 29 } as const;

/**
 * Counts failures per name and client, and per client, with exponential delays; and per name across all clients that
 * never signed in with it. A client that did is delayed only by its own failures. Stores only fixed-size digests of names
 * and addresses, in a bounded number.
 *
 * @param now milliseconds of a monotonic clock, above zero
 * @param onBlock called each time a delay starts
 */
export function createLoginThrottle(
  now: () => number,
  onBlock: (kind: LockoutKind) => void,
): LoginThrottle & Lockouts {
  const byPair = new FailureCounters({ free: FREE.pair, now });
  const byClient = new FailureCounters({ free: FREE.address, now });
  const byName = new StrangerBudget(now);
  const known = new KnownClients();
  const secret = randomBytes(32);
  const recent = new RecentLockouts();
  const digest = (...parts: string[]): string =>
    createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url');

  function keysOf({ endpoint, username, address }: LoginTry) {
    const network = clientNetwork(address);
    return {
      network,
      user: digest(endpoint, username),
      pair: digest(endpoint, username, network),
      name: digest(username),
    };
  }

  function attempt(login: LoginTry, keys: ReturnType<typeof keysOf>, isKnown: boolean): LoginAttempt {
    const blocked = (kind: LockoutKind, place: Pick<LockoutPlace, 'waitMs' | 'clear'>): void => {
      recent.add({
        kind,
        endpoint: login.endpoint,
        username: login.username,
        network: keys.network,
        ...place,
      });
      onBlock(kind);
    };
    const pair = byPair.begin(keys.pair);
    const client = byClient.begin(keys.network);
    if (!isKnown && byName.take(keys.name)) blocked('strangers', placeIn(byName, keys.name));
    const undo = (): void => {
      byPair.undo(keys.pair, pair);
      byClient.undo(keys.network, client);
      if (!isKnown) byName.giveBack(keys.name);
    };
    return {
      succeeded() {
        byPair.forgive(pair);
        undo();
        known.add(keys.user, keys.network);
      },
      failed() {
        if (byPair.fail(keys.pair, pair)) blocked('user', placeIn(byPair, keys.pair));
        if (byClient.fail(keys.network, client)) blocked('address', placeIn(byClient, keys.network));
      },
      abandoned: undo,
    };
  }

  return {
    lockouts: () => recent.list(),
    unlock: (id) => recent.unlock(id),
    begin(login) {
      const keys = keysOf(login);
      const isKnown = known.has(keys.user, keys.network);
      const others = isKnown ? [] : [byClient.waitMs(keys.network), byName.waitMs(keys.name)];
      const waitMs = Math.max(byPair.waitMs(keys.pair), ...others);
      if (waitMs > 0) return { kind: 'blocked', retryAfterSeconds: Math.ceil(waitMs / 1000) };
      return { kind: 'admitted', attempt: attempt(login, keys, isKnown) };
    },
  };
}
