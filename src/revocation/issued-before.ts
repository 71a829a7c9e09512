import type { UserId } from '../auth/user-id.ts';
import type { RegisteredSession } from './registered-sessions.ts';

/**
 * The time before which everything of these users is revoked: now, but after every session that is registered, as the clock may
 * have been set back, or that of a replica may be ahead. Someone who signs in afterwards, even at once, is not affected.
 *
 * @returns milliseconds since 1970. The time of a token is a whole second, rounded down, so tokens of this second are revoked too.
 */
export function issuedBeforeNow(
  userIds: readonly UserId[],
  sessions: readonly RegisteredSession[],
  nowMs: number,
): number {
  const own = sessions.filter(({ userId }) => userIds.includes(userId));
  return Math.max(nowMs, ...own.map(({ signedInAtMs }) => signedInAtMs)) + 1;
}
