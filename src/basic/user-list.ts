import { readFileSync } from 'node:fs';
import type { BasicAuth } from '../config/schema.ts';
import { parseHtpasswd } from './htpasswd.ts';

/**
 * User name → password hash, of the configuration's list and the users file together.
 *
 * @throws Error when the users file cannot be read
 */
export function userList(auth: BasicAuth): Map<string, string> {
  const users = new Map(auth.users.map(({ username, password }) => [username, password]));
  if (auth.usersFile !== undefined) {
    for (const { username, hash } of parseHtpasswd(readFileSync(auth.usersFile, 'utf8')).users)
      users.set(username, hash);
  }
  return users;
}
