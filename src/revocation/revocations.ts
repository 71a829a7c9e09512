import type { UserId } from '../auth/user-id.ts';

/** What a credential says about itself, once verified. */
export interface Revocable {
  readonly endpoint: string;
  readonly userId: UserId;
  /** Of a session or an access token. */
  readonly sessionId?: string | undefined;
  /** Milliseconds since 1970; undefined for a password, which is never revoked: it must be changed. */
  readonly issuedAtMs?: number | undefined;
}

/**
 * How long a revocation of all that was issued before a time is kept: JWTs and access tokens may live for years, and an entry
 * costs little: one per user.
 */
export const KEEP_REVOCATION_MS = 10 * 365 * 86_400_000;

/** Ends one session or access token, or all that were issued to a user, or to everyone, before a time. */
export interface Revocation {
  /** Undefined: at every endpoint. */
  readonly endpoint?: string | undefined;
  /** Undefined: every user. */
  readonly userId?: UserId | undefined;
  readonly sessionId?: string | undefined;
  /** Milliseconds since 1970. Required without a session id. */
  readonly issuedBeforeMs?: number | undefined;
  /** When the last credential that this could concern has expired anyway, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** The sessions, tokens and access tokens that are no longer accepted. */
export interface Revocations {
  /** Rises with each change; cached decisions of older generations are dropped. */
  readonly generation: number;
  /** Why the file cannot be used; sessions, tokens and access tokens then get 503 (fail closed). */
  readonly problem: string | undefined;
  isRevoked(credential: Revocable): boolean;
  /** @throws Error that names the file; then nothing was revoked */
  revoke(...entries: readonly Revocation[]): Promise<void>;
}
