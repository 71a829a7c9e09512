import type { AccessToken } from '../access-token/access-token.ts';
import { deny, type Decision } from '../auth/decision.ts';
import { encodeUserId, type UserId } from '../auth/user-id.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import type { Claims } from '../jwt/claims.ts';
import { createIdentify } from '../jwt/identify.ts';

type IsOperator = (userId: UserId, claims: Claims) => boolean;

/**
 * The owner of an access token by the current configuration: a removed user's tokens end, and rights are those of now. JWT:
 * by the claims that were stored when the token was created.
 */
export function tokenOwner(
  { name, auth }: Endpoint,
  users: Config['users'],
  isOperator: IsOperator,
): (token: AccessToken) => Decision {
  if (auth.method === 'BASIC') {
    return ({ user }) => {
      const userId = encodeUserId(user, auth.userIdPrefix);
      if (userId === undefined || users.get(name)?.has(user) !== true) return deny('user-unknown');
      return {
        kind: 'allow',
        identity: { userId, operator: isOperator(userId, {}), forwardedClaims: [] },
      };
    };
  }
  const identify = createIdentify({ claimTransformations: auth.claimTransformations, isOperator });
  return ({ claims = {} }) => {
    const rules = auth.issuers.find(({ issuer }) => issuer === undefined || issuer === claims['iss']);
    return rules === undefined ? deny('issuer-unknown') : identify(claims, rules);
  };
}
