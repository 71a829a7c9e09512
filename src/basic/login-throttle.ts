import { createHmac, randomBytes } from 'node:crypto';
import { clientNetwork } from './client-network.ts';
import { FailureCounters } from './failure-counters.ts';
import { KnownClients } from './known-clients.ts';
import { StrangerBudget } from './stranger-budget.ts';

/** One try of a password. */
interface LoginTry {
  /** The endpoint: the same name may be another person elsewhere, whose success proves nothing here. */
  readonly endpoint: string;
  readonly username: string;
  /** Of the client, in any spelling. */
  readonly address: string;
}

/** A try that is counted as a failure until it turns out to be none. Exactly one of these is called, once. */
export interface LoginAttempt {
  succeeded(): void;
  failed(): void;
  /** It was not judged at all. */
  abandoned(): void;
}

type Admission =
  | { readonly kind: 'admitted'; readonly attempt: LoginAttempt }
  | { readonly kind: 'blocked'; readonly retryAfterSeconds: number };

/** Slows down who guesses passwords. */
export interface LoginThrottle {
  /** Counts a try before its password is looked at, so that any number at once is worth no more than one by one. */
  begin(login: LoginTry): Admission;
}

/** What delays: one name from one client, many names from one client, one name from many clients. */
export type LockoutKind = 'user' | 'address' | 'strangers';

const FREE = { pair: 4, address: 29 } as const;

/**
 * Counts failures by name and client together, and by client alone, with growing delays; and by name alone for all
 * clients that never signed in under it. A client that did is held by its own failures only. Keeps no name and no
 * address, only digests of a fixed size, in a bounded number.
 *
 * @param now milliseconds of a monotonic clock, above zero
 * @param onBlock called each time a delay begins
 */
export function createLoginThrottle(now: () => number, onBlock: (kind: LockoutKind) => void): LoginThrottle {
  const byPair = new FailureCounters({ free: FREE.pair, now });
  const byClient = new FailureCounters({ free: FREE.address, now });
  const byName = new StrangerBudget(now);
  const known = new KnownClients();
  const secret = randomBytes(32);
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

  function attempt(keys: ReturnType<typeof keysOf>, isKnown: boolean): LoginAttempt {
    const pair = byPair.begin(keys.pair);
    const client = byClient.begin(keys.network);
    if (!isKnown && byName.take(keys.name)) onBlock('strangers');
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
        if (byPair.fail(keys.pair, pair)) onBlock('user');
        if (byClient.fail(keys.network, client)) onBlock('address');
      },
      abandoned: undo,
    };
  }

  return {
    begin(login) {
      const keys = keysOf(login);
      const isKnown = known.has(keys.user, keys.network);
      const others = isKnown ? [] : [byClient.waitMs(keys.network), byName.waitMs(keys.name)];
      const waitMs = Math.max(byPair.waitMs(keys.pair), ...others);
      if (waitMs > 0) return { kind: 'blocked', retryAfterSeconds: Math.ceil(waitMs / 1000) };
      return { kind: 'admitted', attempt: attempt(keys, isKnown) };
    },
  };
}
