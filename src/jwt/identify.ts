import type { AccessOf } from '../auth/access-of.ts';
import { deny, type Decision, type ForwardedClaim } from '../auth/decision.ts';
import { encodeUserId, type UserId } from '../auth/user-id.ts';
import { isUserIdHeader } from '../http/user-id-header.ts';
import { forwardedText, identityText, readClaim, type Claims } from './claims.ts';
import type { Issuer } from './issuer-schema.ts';
import type { ClaimTransformation } from './jwt-schema.ts';

export interface IdentifyOptions {
  readonly claimTransformations: readonly ClaimTransformation[];
  readonly isOperator: (userId: UserId, claims: Claims) => boolean;
  readonly accessOf: AccessOf;
}

/** Maps verified claims of an issuer to an identity. */
export type Identify = (claims: Claims, rules: Issuer) => Decision;

/** Whether a claim is sent as the isolation id. */
export function isUserId({ location, name }: ClaimTransformation): boolean {
  return location === 'HEADER' && isUserIdHeader(name);
}

/** The name of the claim that is the isolation id. */
export function idClaimOf(claimTransformations: readonly ClaimTransformation[]): string {
  return claimTransformations.find(isUserId)?.claim ?? 'sub';
}

/** When a verified token is no longer accepted, in milliseconds since 1970: at `exp`, or earlier at its maximum age. */
function expiryOf({ exp, iat }: Claims, { clockTolerance, maxTokenAge }: Issuer): number {
  const oldestMs = maxTokenAge === undefined ? Number.POSITIVE_INFINITY : Number(iat) * 1000 + maxTokenAge;
  return Math.min(Number(exp) * 1000, oldestMs) + clockTolerance;
}

/** A token that does not say when it was issued counts as old: a revocation of its user ends it. */
function issueOf({ iat }: Claims): number {
  return typeof iat === 'number' ? iat * 1000 : 0;
}

/** The same for bearer tokens and for ID tokens: one claim is the isolation id, others are forwarded. */
export function createIdentify({ claimTransformations, isOperator, accessOf }: IdentifyOptions): Identify {
  const idClaim = idClaimOf(claimTransformations);
  const others = claimTransformations.filter((transformation) => !isUserId(transformation));

  return (claims, rules) => {
    const text = identityText(readClaim(claims, idClaim));
    const userId = text === undefined ? undefined : encodeUserId(text, rules.userIdPrefix);
    if (userId === undefined) return deny('user-id-unusable');
    const forwardedClaims = others.map(({ location, name, claim }): ForwardedClaim => ({
      location,
      name,
      value: forwardedText(readClaim(claims, claim)),
    }));
    const expiresAtMs = expiryOf(claims, rules);
    const operator = isOperator(userId, claims);
    const access = accessOf({ userId, operator, claims });
    const issuedAtMs = issueOf(claims);
    return {
      kind: 'allow',
      identity: { userId, operator, forwardedClaims, expiresAtMs, issuedAtMs, access },
    };
  };
}
