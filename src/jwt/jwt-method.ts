import type { AuthMethod } from '../auth/auth-method.ts';
import type { Decision } from '../auth/decision.ts';
import { createIdentify, type IdentifyOptions } from './identify.ts';
import type { JwtAuth } from './jwt-schema.ts';
import { findToken } from './find-token.ts';
import { chooseIssuer, verifyToken, type TrustedIssuer } from './verify-token.ts';

export interface JwtOptions extends IdentifyOptions {
  readonly realm: string;
  readonly issuers: readonly TrustedIssuer[];
  readonly tokenLookup: JwtAuth['tokenLookup'];
  /** Whether decisions keep the claims, so that a session can be made of them. */
  readonly keepClaims?: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
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

/** JWTs (RFC 7519) of trusted issuers; a claim is the isolation id. */
export function createJwtMethod(options: JwtOptions): AuthMethod {
  const identify = createIdentify(options);

  async function check(token: string): Promise<Decision> {
    const issuer = chooseIssuer(token, options.issuers);
    if ('kind' in issuer) return issuer;
    const result = await verifyToken(token, issuer, options.now());
    if (result.kind !== 'claims') return result;
    const decision = identify(result.claims, issuer.rules);
    const isKept = options.keepClaims === true && decision.kind === 'allow';
    return isKept ? { ...decision, claims: result.claims } : decision;
  }

  return {
    name: 'JWT',
    challenge: `Bearer realm="${options.realm.replaceAll(/["\\]/g, '\\$&')}"`,
    credentialLocations: credentialLocationsOf(options.tokenLookup),
    find: (request) => findToken(request, options.tokenLookup),
    authenticate: (credentials) => check(credentials.text),
  };
}
