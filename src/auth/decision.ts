import type { UserId } from './user-id.ts';

/** Who a request proved to come from. */
export interface Identity {
  readonly userId: UserId;
  /** Milliseconds since 1970 from which the credentials no longer count; undefined when they do not expire. */
  readonly expiresAtMs?: number;
  /** May see all, free memory and restart. */
  readonly operator: boolean;
  /** Claims to pass on, in the form that they are sent in; undefined: the claim is absent, the client's own is removed. */
  readonly forwardedClaims: readonly ForwardedClaim[];
}

export interface ForwardedClaim {
  readonly location: 'HEADER' | 'COOKIE' | 'QUERY';
  readonly name: string;
  readonly value: string | undefined;
}

type Code = 'unauthenticated' | 'forbidden' | 'too-many-failures' | 'malformed';

const UNAUTHENTICATED = { status: 401, code: 'unauthenticated' } as const;
const FORBIDDEN = { status: 403, code: 'forbidden' } as const;

/** Every reason to refuse, as it stands in logs and metrics, with the only thing that the client learns of it. */
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
  'user-id-unusable': FORBIDDEN,
  'origin-foreign': FORBIDDEN,
  'connection-option': FORBIDDEN,
  'parameter-disguised': FORBIDDEN,
  'too-many-failures': { status: 429, code: 'too-many-failures' },
  'host-malformed': { status: 400, code: 'malformed' },
} as const satisfies Record<string, { status: number; code: Code }>;

export type DenyReason = keyof typeof DENIALS;

export interface Allow {
  readonly kind: 'allow';
  readonly identity: Identity;
}
export interface Deny {
  readonly kind: 'deny';
  readonly reason: DenyReason;
  readonly retryAfterSeconds?: number;
}
/** We cannot judge: never a reason to let anyone in. */
export interface Unavailable {
  readonly kind: 'unavailable';
  /** For the log: what is missing. */
  readonly cause: string;
  readonly retryAfterSeconds?: number;
}
export type Decision = Allow | Deny | Unavailable;

export function deny(reason: DenyReason): Deny {
  return { kind: 'deny', reason };
}
