import { decodeProtectedHeader } from 'jose';
import type { Identity } from '../auth/decision.ts';
import { identityText, readClaim, type Claims } from '../jwt/claims.ts';
import { idClaimOf, type Identify } from '../jwt/identify.ts';
import type { ClaimTransformation } from '../jwt/jwt-schema.ts';
import { verifyToken, type TrustedIssuer } from '../jwt/verify-token.ts';
import { SignInError } from './problem.ts';

/** What an endpoint does with tokens of an issuer. */
export interface TokenRules {
  readonly trusted: TrustedIssuer;
  readonly clientId: string;
  readonly identify: Identify;
  readonly claimTransformations: readonly ClaimTransformation[];
}

export interface VerifiedIdToken {
  readonly identity: Identity;
  readonly claims: Claims;
  /** The text of the id claim. */
  readonly user: string;
}

/** The issuer with its rules for tokens of another kind: for this client, and of no other `typ` (RFC 8725 §3.11). */
export function forClient({ trusted, clientId }: Pick<TokenRules, 'trusted' | 'clientId'>): TrustedIssuer {
  const rules = { ...trusted.rules, audience: [clientId] };
  delete rules.typ;
  return { ...trusted, rules };
}

/** Whether the token says that it is of one of these types, or says nothing. */
export function hasType(token: string, types: readonly string[]): boolean {
  const { typ } = decodeProtectedHeader(token);
  return typ === undefined || (typeof typ === 'string' && types.includes(typ.toLowerCase()));
}

/** `azp` (OpenID Connect Core §2), required with several audiences. */
function isForAnother({ aud, azp }: Claims, clientId: string): boolean {
  if (azp !== undefined) return azp !== clientId;
  return Array.isArray(aud) && aud.length > 1;
}

/**
 * Verifies an ID token by the rules of its issuer, and maps its claims as those of bearer tokens.
 *
 * @param now milliseconds since 1970
 * @throws SignInError
 */
export async function verifyIdToken(token: string, rules: TokenRules, now: number): Promise<VerifiedIdToken> {
  const issuer = forClient(rules);
  const result = await verifyToken(token, issuer, now);
  if (result.kind === 'unavailable') throw new SignInError('provider-unavailable', result.cause);
  if (result.kind === 'deny') throw new SignInError('token-refused', `ID token: ${result.reason}`);
  const { claims } = result;
  if (!hasType(token, ['jwt']) || isForAnother(claims, rules.clientId))
    throw new SignInError('token-refused', 'ID token: is a token of another kind or for another client');
  const decision = rules.identify(claims, issuer.rules);
  const user = identityText(readClaim(claims, idClaimOf(rules.claimTransformations)));
  if (decision.kind !== 'allow' || user === undefined)
    throw new SignInError(
      'user-refused',
      `ID token: its claim ${idClaimOf(rules.claimTransformations)} is missing or not usable as the isolation id`,
    );
  return { identity: decision.identity, claims, user };
}
