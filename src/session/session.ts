import { randomBytes } from 'node:crypto';
import type { Claims } from '../auth/claims.ts';

/** A browser's session after sign-in, as its cookie holds it. Times in milliseconds since 1970. */
export interface Session {
  /** 128 random bits, base64url. */
  readonly id: string;
  /** `aud`: a cookie of another endpoint is rejected. */
  readonly endpoint: string;
  readonly method: 'BASIC' | 'JWT';
  /** BASIC: the user name; JWT: the text of the id claim. Shown to people. */
  readonly user: string;
  /** BASIC: keyed digest of the stored hash, so that a changed password or a removed user ends the session. */
  readonly passwordTag?: string;
  /** JWT: `iss`, `sub`, `sid` and only those claims that the endpoint maps or tests. */
  readonly claims?: Claims;
  /** It began with a token in a link, which may grant less than a password. */
  readonly isLink?: true;
  readonly signedInAtMs: number;
  /** When the cookie was signed. */
  readonly renewedAtMs: number;
  /** The hard end: `maxAge` after sign-in, or the end of the credentials if that is earlier. */
  readonly endsAtMs: number;
  /** `ttl` after the last renewal, at most `endsAtMs`; renewed in use. */
  readonly expiresAtMs: number;
}

export interface SessionLimits {
  /** Milliseconds without use. */
  readonly ttlMs: number;
  /** Milliseconds after sign-in. */
  readonly maxAgeMs: number;
}

/** What is known at sign-in. */
export interface NewSession extends Pick<
  Session,
  'endpoint' | 'method' | 'user' | 'passwordTag' | 'claims' | 'isLink'
> {
  readonly credentialEndsAtMs?: number | undefined;
}

/** Cookies hold whole seconds. */
const SECOND = 1000;
const toSecond = (ms: number): number => Math.floor(ms / SECOND) * SECOND;

/** A session that begins now. */
export function newSession(
  { credentialEndsAtMs = Number.POSITIVE_INFINITY, ...known }: NewSession,
  { ttlMs, maxAgeMs }: SessionLimits,
  nowMs: number,
): Session {
  const endsAtMs = toSecond(Math.min(nowMs + maxAgeMs, credentialEndsAtMs));
  return {
    ...known,
    id: randomBytes(16).toString('base64url'),
    signedInAtMs: nowMs,
    renewedAtMs: toSecond(nowMs),
    endsAtMs,
    expiresAtMs: Math.min(toSecond(nowMs + ttlMs), endsAtMs),
  };
}

/** Applies the current limits, which may be stricter than those at sign-in. */
export function limited(session: Session, { ttlMs, maxAgeMs }: SessionLimits): Session {
  const endsAtMs = Math.min(session.endsAtMs, session.signedInAtMs + maxAgeMs);
  return {
    ...session,
    endsAtMs,
    expiresAtMs: Math.min(session.expiresAtMs, session.renewedAtMs + ttlMs, endsAtMs),
  };
}

/** When half of its time without use is over, a session in use is renewed; never if that would gain nothing. */
export function renewalDueMs({ renewedAtMs, expiresAtMs, endsAtMs }: Session): number {
  return expiresAtMs >= endsAtMs ? Number.POSITIVE_INFINITY : renewedAtMs + (expiresAtMs - renewedAtMs) / 2;
}

export function renewed(session: Session, { ttlMs }: SessionLimits, nowMs: number): Session {
  const expiresAtMs = Math.min(toSecond(nowMs + ttlMs), session.endsAtMs);
  return { ...session, renewedAtMs: toSecond(nowMs), expiresAtMs };
}
