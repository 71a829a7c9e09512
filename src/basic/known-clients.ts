import { LRUCache } from 'lru-cache';

const MAX_USERS = 10_000;
/** Per user, so that one user cannot evict the clients of another. */
const CLIENTS_PER_USER = 16;

/** Networks from which each user has signed in; there, guesses from elsewhere do not delay them. */
export class KnownClients {
  readonly #byUser = new LRUCache<string, Set<string>>({ max: MAX_USERS });

  has(user: string, network: string): boolean {
    return this.#byUser.get(user)?.has(network) === true;
  }

  add(user: string, network: string): void {
    const clients = this.#byUser.get(user) ?? new Set<string>();
    clients.delete(network);
    clients.add(network); // The most recent is last.
    const [oldest] = clients;
    if (clients.size > CLIENTS_PER_USER && oldest !== undefined) clients.delete(oldest);
    this.#byUser.set(user, clients);
  }
}
