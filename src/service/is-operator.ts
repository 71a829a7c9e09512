import type { UserId } from '../auth/user-id.ts';
import type { Operators } from '../config-file/operators.ts';
import { readClaim, type Claims } from '../jwt/claims.ts';

/** Whether `operators` of an endpoint names a user, by id or by claim. */
export function isOperator(operators: Operators | undefined, userId: UserId, claims: Claims): boolean {
  if (operators === undefined) return false;
  if (operators.users.includes(userId)) return true;
  const { claim } = operators;
  if (claim === undefined) return false;
  const value = readClaim(claims, claim.name);
  return Array.isArray(value) ? value.includes(claim.value) : value === claim.value;
}
