import type { Claims } from '../auth/claims.ts';
import type { UserId } from '../auth/user-id.ts';

/** A token for a program, as it is stored: not the token itself. */
export interface AccessToken {
  /** Names it in lists and logs; grants nothing. */
  readonly id: string;
  /** SHA-256 of the token. */
  readonly digest: string;
  /** Given by the user, such as `render script`. */
  readonly name: string;
  readonly endpoint: string;
  /** BASIC: the user name; JWT: the text of the id claim. */
  readonly user: string;
  readonly userId: UserId;
  /** JWT: the claims that the endpoint maps or tests, as they were at creation. */
  readonly claims?: Claims | undefined;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly lastUsedAtMs?: number | undefined;
}

/** The start of every id, which tells it from a session's. */
export const TOKEN_ID_PREFIX = 'at-';
