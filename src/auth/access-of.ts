import type { Claims } from './claims.ts';
import type { AccessCheck } from './decision.ts';
import type { UserId } from './user-id.ts';

/** Whom access rules are about. */
export interface Subject {
  readonly userId: UserId;
  readonly operator: boolean;
  /** Empty for passwords. */
  readonly claims: Claims;
}

/** Selects the access rules that concern a user, once per authentication. */
export type AccessOf = (subject: Subject) => AccessCheck | undefined;
