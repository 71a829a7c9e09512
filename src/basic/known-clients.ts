import { LRUCache } from 'lru-cache';

const MAX_USERS = 10_000;
/** Each user's own, so that nobody pushes out the clients of somebody else. */
const CLIENTS_PER_USER = 16;

/** From where each user has signed in: there, guesses from elsewhere do not slow them down. */
export class KnownClients {
  readonly #byUser = new LRUCache<string, Set<string>>({ max: MAX_USERS });

  has(user: string, network: string): boolean {
    return this.#byUser.get(user)?.has(network) === true;
  }

  add(user: string, network: string): void {
    const clients = this.#byUser.get(user) ?? new Set<string>();
    clients.delete(network);
    clients.add(network); // The latest last.
    const [oldest] = clients;
    if (clients.size > CLIENTS_PER_USER && oldest !== undefined) clients.delete(oldest);
    this.#byUser.set(user, clients);
  }
}
