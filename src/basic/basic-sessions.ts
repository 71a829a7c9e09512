import { deny } from '../auth/decision.ts';
import type { SessionSource } from '../session/session-source.ts';
import type { Sessions } from '../session/sessions.ts';
import { identifyUser, type IdentifyUserOptions } from './identify-user.ts';

const PURPOSE = 'password';

/** Sessions of users of a user list. They end when the user is removed or the stored password hash changes. */
export function basicSessions(
  users: ReadonlyMap<string, string>,
  options: IdentifyUserOptions,
  sessions: Sessions,
): SessionSource {
  return {
    identify({ method, user, passwordTag }) {
      const hash = users.get(user);
      if (method !== 'BASIC' || hash === undefined || passwordTag === undefined)
        return deny('session-revoked');
      return sessions.isTagOf(passwordTag, PURPOSE, hash)
        ? identifyUser(user, options)
        : deny('session-revoked');
    },
    contentOf({ user }) {
      const hash = users.get(user);
      return hash === undefined ? {} : { passwordTag: sessions.tag(PURPOSE, hash) };
    },
  };
}
