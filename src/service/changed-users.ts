import { encodeUserId, type UserId } from '../auth/user-id.ts';
import type { Config } from '../config/schema.ts';

/** A user whose password no longer applies at an endpoint. */
export interface ChangedUser {
  readonly endpoint: string;
  readonly userId: UserId;
}

/** The users of BASIC endpoints who were removed or got another password, by their ids in the old configuration. */
export function changedUsers(before: Config, after: Config): ChangedUser[] {
  return before.endpoints.flatMap(({ name, auth }) => {
    if (auth.method !== 'BASIC') return [];
    const then = after.users.get(name);
    const changed = [...(before.users.get(name) ?? [])].filter(
      ([username, hash]) => then?.get(username) !== hash,
    );
    return changed.flatMap(([username]) => {
      const userId = encodeUserId(username, auth.userIdPrefix);
      return userId === undefined ? [] : [{ endpoint: name, userId }];
    });
  });
}
