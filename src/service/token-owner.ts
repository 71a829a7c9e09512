import { createAccess } from '../access/access-rules.ts';
import { isOperator } from '../access/is-operator.ts';
import type { AccessToken } from '../access-token/access-token.ts';
import { deny, type Decision } from '../auth/decision.ts';
import { identifyUser } from '../basic/identify-user.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import { createIdentify } from '../jwt/identify.ts';
import { issuerFor } from '../jwt/verify-token.ts';

/**
 * The owner of an access token by the current configuration: a removed user's tokens end, and rights are those of now. JWT:
 * by the claims that were stored when the token was created.
 */
export function tokenOwner(
  { name, auth, rules }: Endpoint,
  users: Config['users'],
): (token: AccessToken) => Decision {
  const accessOf = createAccess(rules);
  if (auth.method === 'BASIC') {
    const identifying = {
      userIdPrefix: auth.userIdPrefix,
      isOperator: (userId: Parameters<typeof isOperator>[1]['userId']) =>
        isOperator(auth.operators, { userId, claims: {} }),
      accessOf,
    };
    return ({ user }) =>
      users.get(name)?.has(user) === true ? identifyUser(user, identifying) : deny('user-unknown');
  }
  const identify = createIdentify({
    claimTransformations: auth.claimTransformations,
    isOperator: (userId, claims) => isOperator(auth.operators, { userId, claims }),
    accessOf,
  });
  const issuers = auth.issuers.map((issuer) => ({ rules: issuer }));
  return ({ claims = {} }) => {
    const issuer = issuerFor(claims['iss'], issuers);
    return issuer === undefined ? deny('issuer-unknown') : identify(claims, issuer.rules);
  };
}
