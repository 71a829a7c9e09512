import type { Claims } from '../auth/claims.ts';
import { deny } from '../auth/decision.ts';
import type { SessionSource } from '../session/session-source.ts';
import { readClaim } from './claims.ts';
import { idClaimOf, type Identify } from './identify.ts';
import type { JwtAuth } from './jwt-schema.ts';
import { issuerFor } from './verify-token.ts';

/** Tell which sessions of the issuer a session belongs to. */
const ALWAYS = ['iss', 'sub', 'sid'];

/** The names of the claims that the endpoint maps or tests. @param others tested by access rules */
function testedClaims(auth: JwtAuth, others: readonly string[]): string[] {
  const { claimTransformations, operators, issuers } = auth;
  return [
    ...ALWAYS,
    idClaimOf(claimTransformations),
    ...claimTransformations.map(({ claim }) => claim),
    ...(operators?.claim === undefined ? [] : [operators.claim.name]),
    ...issuers.flatMap(({ requiredClaims }) => Object.keys(requiredClaims)),
    ...others,
  ];
}

/** Paths such as `profile.email` become names of claims, which are read alike. */
function kept(claims: Claims, names: readonly string[]): Claims {
  const found = [...new Set(names)].map((name) => [name, readClaim(claims, name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** Sessions of users of issuers. They end when the issuer or a required claim is no longer configured. */
export function jwtSessions(
  auth: JwtAuth,
  identify: Identify,
  tested: readonly string[] = [],
): SessionSource {
  const names = testedClaims(auth, tested);
  const issuers = auth.issuers.map((rules) => ({ rules }));
  return {
    identify({ method, claims }) {
      const issuer = claims === undefined ? undefined : issuerFor(claims['iss'], issuers);
      if (method !== 'JWT' || claims === undefined || issuer === undefined) return deny('session-revoked');
      const { rules } = issuer;
      const required = Object.entries(rules.requiredClaims);
      const fits = required.every(([path, value]) => readClaim(claims, path) === value);
      return fits ? identify(claims, rules) : deny('session-revoked');
    },
    contentOf: ({ claims }) => (claims === undefined ? {} : { claims: kept(claims, names) }),
  };
}
