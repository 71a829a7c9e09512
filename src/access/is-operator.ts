import type { Subject } from '../auth/access-of.ts';
import type { Operators } from '../config-file/operators.ts';
import { claimHas } from './claim-has.ts';

/** Whether a user has the rights of an operator. */
export function isOperator(
  operators: Operators | undefined,
  { userId, claims }: Pick<Subject, 'userId' | 'claims'>,
): boolean {
  if (operators === undefined) return false;
  const { users, claim } = operators;
  return users.includes(userId) || (claim !== undefined && claimHas(claims, claim));
}
