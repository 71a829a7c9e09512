import type { Claims } from './claims.ts';
import type { UserId } from './user-id.ts';

/** The authenticated user of a request. */
export interface Identity {
  readonly userId: UserId;
  /** When the credentials expire, in milliseconds since 1970; undefined if they do not expire. */
  readonly expiresAtMs?: number;
  /** May see all users' work, free memory and restart ComfyUI. */
  readonly operator: boolean;
  /** Claims to forward, encoded. Where the claim is absent, a value sent by the client is removed. */
  readonly forwardedClaims: readonly ForwardedClaim[];
  /**
   * The endpoint's access rules that concern this user; undefined if none does. Required, so that no way to prove an
   * identity forgets them.
   */
  readonly access: AccessCheck | undefined;
  /** When the credentials were issued, in milliseconds since 1970 (iat, sign-in, creation); undefined for a password. */
  readonly issuedAtMs?: number;
  /** The session the request belongs to; undefined without one. */
  readonly sessionId?: string;
  /** A renewed session cookie to set, as the value of Set-Cookie. */
  readonly setCookie?: string;
}

/** Checks the method and the target of a request; undefined if it is allowed. */
export type AccessCheck = (method: string, target: string) => Deny | undefined;

export interface ForwardedClaim {
  readonly location: 'HEADER' | 'COOKIE' | 'QUERY';
  readonly name: string;
  readonly value: string | undefined;
}

type Code = 'unauthenticated' | 'forbidden' | 'too-many-failures' | 'malformed';

const UNAUTHENTICATED = { status: 401, code: 'unauthenticated' } as const;
const FORBIDDEN = { status: 403, code: 'forbidden' } as const;

/** Every denial reason, as in logs and metrics, with the status and code that the client gets. */
export const DENIALS = {
  'credentials-missing': UNAUTHENTICATED,
  'credentials-malformed': UNAUTHENTICATED,
  'credentials-ambiguous': UNAUTHENTICATED,
  'scheme-unsupported': UNAUTHENTICATED,
  'user-unknown': UNAUTHENTICATED,
  'password-wrong': UNAUTHENTICATED,
  'token-malformed': UNAUTHENTICATED,
  'token-expired': UNAUTHENTICATED,
  'token-not-yet-valid': UNAUTHENTICATED,
  'token-too-old': UNAUTHENTICATED,
  'token-type-wrong': UNAUTHENTICATED,
  'issuer-unknown': UNAUTHENTICATED,
  'audience-wrong': UNAUTHENTICATED,
  'algorithm-refused': UNAUTHENTICATED,
  'key-unknown': UNAUTHENTICATED,
  'signature-wrong': UNAUTHENTICATED,
  'claim-wrong': UNAUTHENTICATED,
  'session-invalid': UNAUTHENTICATED,
  'session-expired': UNAUTHENTICATED,
  'session-revoked': UNAUTHENTICATED,
  'token-revoked': UNAUTHENTICATED,
  'access-token-unknown': UNAUTHENTICATED,
  'access-token-expired': UNAUTHENTICATED,
  'access-token-of-other-user': UNAUTHENTICATED,
  'user-id-unusable': FORBIDDEN,
  'origin-foreign': FORBIDDEN,
  'rule-denied': FORBIDDEN,
  'connection-option': FORBIDDEN,
  'parameter-disguised': FORBIDDEN,
  'too-many-failures': { status: 429, code: 'too-many-failures' },
  'host-malformed': { status: 400, code: 'malformed' },
  'path-ambiguous': { status: 400, code: 'malformed' },
} as const satisfies Record<string, { status: number; code: Code }>;

export type DenyReason = keyof typeof DENIALS;

export interface Allow {
  readonly kind: 'allow';
  readonly identity: Identity;
  /** Verified claims that a session can be made of, where the method keeps them. */
  readonly claims?: Claims;
  /** The session that the credentials are, if they are one. */
  readonly session?: SessionFacts;
  /** When the decision must be made again although the credentials are still valid, in milliseconds since 1970. */
  readonly cacheUntilMs?: number;
}
/** What pages show about a session. */
interface SessionFacts {
  readonly id: string;
  /** As people write it. */
  readonly user: string;
  readonly claims?: Claims;
  /** It began with a token in a link, which may grant less than a password. */
  readonly isLink?: true;
  readonly signedInAtMs: number;
  readonly expiresAtMs: number;
  readonly endsAtMs: number;
}
export interface Deny {
  readonly kind: 'deny';
  readonly reason: DenyReason;
  /** The access rule that decided. */
  readonly rule?: DenyingRule;
  readonly retryAfterSeconds?: number;
  /** For the log: the user, if the credentials were valid. */
  readonly userId?: UserId;
}
interface DenyingRule {
  /** Its name, or its number from 1. */
  readonly name: string;
  /** What the operator tells the user. */
  readonly why?: string;
}
/** The check could not be completed; the request is rejected. */
export interface Unavailable {
  readonly kind: 'unavailable';
  /** For the log. */
  readonly cause: string;
  readonly retryAfterSeconds?: number;
}
export type Decision = Allow | Deny | Unavailable;

export function deny(reason: DenyReason): Deny {
  return { kind: 'deny', reason };
}
