import type { AccessOf } from '../auth/access-of.ts';
import type { AuthMethod } from '../auth/auth-method.ts';
import { deny, type Decision, type ForwardedClaim } from '../auth/decision.ts';
import { encodeUserId, type UserId } from '../auth/user-id.ts';
import { isUserIdHeader } from '../http/user-id-header.ts';
import type { ClaimTransformation, JwtAuth } from './jwt-schema.ts';
import { identityText, forwardedText, readClaim, type Claims } from './claims.ts';
import { findToken } from './find-token.ts';
import { chooseIssuer, verifyToken, type TrustedIssuer } from './verify-token.ts';

export interface JwtOptions {
  readonly realm: string;
  readonly issuers: readonly TrustedIssuer[];
  readonly tokenLookup: JwtAuth['tokenLookup'];
  readonly claimTransformations: JwtAuth['claimTransformations'];
  readonly isOperator: (userId: UserId, claims: Claims) => boolean;
  readonly accessOf: AccessOf;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

function isUserId({ location, name }: ClaimTransformation): boolean {
  return location === 'HEADER' && isUserIdHeader(name);
}

function credentialLocationsOf(lookups: JwtAuth['tokenLookup']): AuthMethod['credentialLocations'] {
  const names = (location: string): string[] =>
    lookups.flatMap((at) => (at.location === location ? [at.name] : []));
  return {
    headers: [...new Set(['authorization', ...names('HEADER').map((name) => name.toLowerCase())])],
    cookies: names('COOKIE'),
    query: names('QUERY'),
  };
}

/** When a verified token is no longer accepted, in milliseconds since 1970: at `exp`, or earlier at its maximum age. */
function expiryOf({ exp, iat }: Claims, { clockTolerance, maxTokenAge }: TrustedIssuer['rules']): number {
  const oldestMs = maxTokenAge === undefined ? Number.POSITIVE_INFINITY : Number(iat) * 1000 + maxTokenAge;
  return Math.min(Number(exp) * 1000, oldestMs) + clockTolerance;
}

/** JWTs (RFC 7519) of trusted issuers; a claim is the isolation id. */
export function createJwtMethod(options: JwtOptions): AuthMethod {
  const idClaim = options.claimTransformations.find(isUserId)?.claim ?? 'sub';
  const others = options.claimTransformations.filter((transformation) => !isUserId(transformation));

  function identify(claims: Claims, issuer: TrustedIssuer): Decision {
    const text = identityText(readClaim(claims, idClaim));
    const userId = text === undefined ? undefined : encodeUserId(text, issuer.rules.userIdPrefix);
    if (userId === undefined) return deny('user-id-unusable');
    const forwardedClaims = others.map(({ location, name, claim }): ForwardedClaim => ({
      location,
      name,
      value: forwardedText(readClaim(claims, claim)),
    }));
    const expiresAtMs = expiryOf(claims, issuer.rules);
    const operator = options.isOperator(userId, claims);
    const access = options.accessOf({ userId, operator, claims });
    return { kind: 'allow', identity: { userId, operator, forwardedClaims, expiresAtMs, access } };
  }

  async function check(token: string): Promise<Decision> {
    const issuer = chooseIssuer(token, options.issuers);
    if ('kind' in issuer) return issuer;
    const result = await verifyToken(token, issuer, options.now());
    return result.kind === 'claims' ? identify(result.claims, issuer) : result;
  }

  return {
    name: 'JWT',
    challenge: `Bearer realm="${options.realm.replaceAll(/["\\]/g, '\\$&')}"`,
    credentialLocations: credentialLocationsOf(options.tokenLookup),
    find: (request) => findToken(request, options.tokenLookup),
    authenticate: (credentials) => check(credentials.text),
  };
}
