import type { AccessOf } from '../auth/access-of.ts';
import { deny, type Decision } from '../auth/decision.ts';
import { encodeUserId, type UserId } from '../auth/user-id.ts';

export interface IdentifyUserOptions {
  readonly userIdPrefix?: string | undefined;
  readonly isOperator: (userId: UserId) => boolean;
  readonly accessOf: AccessOf;
}

/** The identity of a user name whose password was verified, now or when a session began. */
export function identifyUser(username: string, options: IdentifyUserOptions): Decision {
  const userId = encodeUserId(username, options.userIdPrefix);
  if (userId === undefined) return deny('user-id-unusable');
  const operator = options.isOperator(userId);
  const access = options.accessOf({ userId, operator, claims: {} });
  return { kind: 'allow', identity: { userId, operator, forwardedClaims: [], access } };
}
