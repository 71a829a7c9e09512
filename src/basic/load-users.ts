import type { BasicAuth } from './basic-schema.ts';
import { parseHtpasswd } from './htpasswd.ts';

/**
 * User name → password hash, of the configuration's list and the users file together.
 *
 * @param texts of the files that the configuration names
 */
export function userList(auth: BasicAuth, texts: ReadonlyMap<string, string>): Map<string, string> {
  const users = new Map(auth.users.map(({ username, password }) => [username, password]));
  if (auth.usersFile !== undefined) {
    for (const { username, hash } of parseHtpasswd(texts.get(auth.usersFile) ?? '').users)
      users.set(username, hash);
  }
  return users;
}
