import type { AccessToken } from '../access-token/access-token.ts';
import { deny, type Decision } from '../auth/decision.ts';
import { identifyUser } from '../basic/identify-user.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import { createIdentify } from '../jwt/identify.ts';
import { issuerFor } from '../jwt/verify-token.ts';
import { identifyingClaims, identifyingUsers } from './identifying.ts';

/**
 * The owner of an access token by the current configuration: a removed user's tokens end, and rights are those of now. JWT:
 * by the claims that were stored when the token was created.
 */
export function tokenOwner(
  { name, auth, rules }: Endpoint,
  users: Config['users'],
): (token: AccessToken) => Decision {
  if (auth.method === 'BASIC') {
    const identifying = identifyingUsers(auth, rules);
    return ({ user }) =>
      users.get(name)?.has(user) === true ? identifyUser(user, identifying) : deny('user-unknown');
  }
  const identify = createIdentify(identifyingClaims(auth, rules));
  const issuers = auth.issuers.map((issuer) => ({ rules: issuer }));
  return ({ claims = {} }) => {
    const issuer = issuerFor(claims['iss'], issuers);
    return issuer === undefined ? deny('issuer-unknown') : identify(claims, issuer.rules);
  };
}
