import type { Decision } from '../../src/auth/decision.ts';
import type { AuthMethod } from '../../src/auth/auth-method.ts';
import type { Issuer } from '../../src/jwt/issuer-schema.ts';
import { fixedKeys } from '../../src/jwt/key-source.ts';
import { createJwtMethod, type JwtOptions } from '../../src/jwt/jwt-method.ts';
import { ASYMMETRIC } from '../../src/jwt/usable-keys.ts';
import { aKey, AUDIENCE, ISSUER, type SigningKey } from './tokens.ts';

/** One key for every asymmetric algorithm, by its name. */
export async function keysOfEveryKind(): Promise<Map<string, SigningKey>> {
  const keys = new Map<string, SigningKey>();
  for (const alg of ASYMMETRIC) keys.set(alg, await aKey(alg));
  return keys;
}

export function rules(changes: Partial<Issuer> = {}): Issuer {
  return {
    issuer: ISSUER,
    audience: [AUDIENCE],
    jwks: { keys: [] },
    clockTolerance: 30_000,
    requiredClaims: {},
    ...changes,
  };
}

export const USER_ID = { location: 'HEADER', name: 'X-FunArt-Comfy-UserId', claim: 'sub' } as const;

/** A method that trusts one issuer with these keys. */
export function aJwtMethod(
  keys: Iterable<SigningKey>,
  changes: Partial<Issuer> = {},
  options: Partial<JwtOptions> = {},
): AuthMethod {
  const issuer = rules(changes);
  const jwks = { keys: [...keys].map(({ jwk }) => jwk) };
  return createJwtMethod({
    realm: 'studio',
    issuers: [{ rules: issuer, keys: fixedKeys(jwks, issuer.algorithms ?? ASYMMETRIC) }],
    tokenLookup: [{ location: 'HEADER', name: 'Authorization', prefix: 'Bearer ' }],
    claimTransformations: [USER_ID],
    isOperator: () => false,
    accessOf: () => undefined,
    now: Date.now,
    ...options,
  });
}

export function checkToken(token: string, method: AuthMethod): Decision | Promise<Decision> {
  return method.authenticate({ text: token, ambient: false }, { address: '' });
}
