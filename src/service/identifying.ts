import { createAccess } from '../access/access-rules.ts';
import { isOperator } from '../access/is-operator.ts';
import type { BasicAuth } from '../basic/basic-schema.ts';
import type { IdentifyUserOptions } from '../basic/identify-user.ts';
import type { Endpoint } from '../config/schema.ts';
import type { IdentifyOptions } from '../jwt/identify.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';

type Rules = Endpoint['rules'];

/** How the users of a BASIC endpoint become identities. */
export function identifyingUsers({ userIdPrefix, operators }: BasicAuth, rules: Rules): IdentifyUserOptions {
  return {
    userIdPrefix,
    isOperator: (userId) => isOperator(operators, { userId, claims: {} }),
    accessOf: createAccess(rules),
  };
}

/** How the claims of a JWT endpoint become identities. */
export function identifyingClaims(
  { claimTransformations, operators }: JwtAuth,
  rules: Rules,
): IdentifyOptions {
  return {
    claimTransformations,
    isOperator: (userId, claims) => isOperator(operators, { userId, claims }),
    accessOf: createAccess(rules),
  };
}
