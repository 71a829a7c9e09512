import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { deny, type Deny, type DenyReason, type Unavailable } from '../auth/decision.ts';
import type { Issuer } from './issuer-schema.ts';
import { readClaim } from './claims.ts';
import type { KeySource } from './key-source.ts';
import { ASYMMETRIC } from './usable-keys.ts';

/** A configured issuer and its keys. */
export interface TrustedIssuer {
  readonly rules: Issuer;
  readonly keys: KeySource;
}

const REASONS: Readonly<Record<string, DenyReason>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm-refused',
  ERR_JOSE_NOT_SUPPORTED: 'algorithm-refused',
  ERR_JWKS_NO_MATCHING_KEY: 'key-unknown',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'key-unknown',
  ERR_JWS_INVALID: 'token-malformed',
  ERR_JWT_INVALID: 'token-malformed',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature-wrong',
};

const CLAIM_REASONS: Readonly<Record<string, DenyReason>> = {
  iss: 'issuer-unknown',
  aud: 'audience-wrong',
  nbf: 'token-not-yet-valid',
  typ: 'token-type-wrong',
};

/** Maps jose's verification errors to denials; rethrows any other error. */
function refusal(error: unknown): Deny {
  if (error instanceof errors.JWTExpired)
    return deny(error.claim === 'iat' ? 'token-too-old' : 'token-expired');
  if (error instanceof errors.JWTClaimValidationFailed)
    return deny(CLAIM_REASONS[error.claim] ?? 'claim-wrong');
  const reason = error instanceof errors.JOSEError ? REASONS[error.code] : undefined;
  if (reason === undefined) throw error;
  return deny(reason);
}

function optionsFor(rules: Issuer, now: number): JWTVerifyOptions {
  const algorithms = rules.algorithms ?? ASYMMETRIC;
  return {
    algorithms: algorithms.includes('EdDSA') ? [...algorithms, 'Ed25519'] : [...algorithms],
    clockTolerance: rules.clockTolerance / 1000,
    currentDate: new Date(now),
    requiredClaims: ['exp'],
    ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
    ...(rules.audience === undefined ? {} : { audience: rules.audience }),
    ...(rules.typ === undefined ? {} : { typ: rules.typ }),
    ...(rules.maxTokenAge === undefined ? {} : { maxTokenAge: rules.maxTokenAge / 1000 }),
  };
}

/** The issuer that `iss` names, wherever it is in the list; the one with `anyIssuer` is the fallback. */
export function issuerFor<T extends { readonly rules: Issuer }>(
  iss: unknown,
  issuers: readonly T[],
): T | undefined {
  const named = issuers.find(({ rules }) => rules.issuer !== undefined && rules.issuer === iss);
  return named ?? issuers.find(({ rules }) => rules.anyIssuer === true);
}

/** Selects the issuer of a token by the unverified `iss`. */
export function chooseIssuer(token: string, issuers: readonly TrustedIssuer[]): TrustedIssuer | Deny {
  let iss: unknown;
  try {
    ({ iss } = decodeJwt(token));
  } catch {
    return deny('token-malformed'); // jose throws on anything that is not a JWT.
  }
  return issuerFor(iss, issuers) ?? deny('issuer-unknown');
}

const DATES = ['exp', 'nbf', 'iat'] as const;

/**
 * Whether each date is a whole number of seconds since 1970. RFC 7519 §2 also allows fractions, but parsers disagree on
 * numbers that a double cannot represent exactly (`1e18`, or `1e400`, which becomes Infinity).
 */
function hasPlainDates(claims: JWTPayload): boolean {
  return DATES.every((name) => {
    const date: unknown = claims[name];
    return date === undefined || (Number.isSafeInteger(date) && Number(date) >= 0);
  });
}

type Verified = { readonly kind: 'claims'; readonly claims: JWTPayload } | Deny;

async function verifyOnce(token: string, { rules, keys }: TrustedIssuer, now: number): Promise<Verified> {
  const getKey = keys.current();
  if (getKey === undefined) return deny('key-unknown');
  try {
    const { payload } = await jwtVerify(token, getKey, optionsFor(rules, now));
    const required = Object.entries(rules.requiredClaims);
    const fit =
      hasPlainDates(payload) && required.every(([path, value]) => readClaim(payload, path) === value);
    return fit ? { kind: 'claims', claims: payload } : deny('claim-wrong');
  } catch (error) {
    return refusal(error);
  }
}

/**
 * Verifies a token against the rules and keys of its issuer (RFC 7519, RFC 8725). Refreshes the keys once if its `kid` is
 * unknown.
 *
 * @param now milliseconds since 1970
 */
export async function verifyToken(
  token: string,
  issuer: TrustedIssuer,
  now: number,
): Promise<Verified | Unavailable> {
  const result = await verifyOnce(token, issuer, now);
  const unknown = result.kind === 'deny' && result.reason === 'key-unknown';
  if (unknown && (await issuer.keys.refresh())) return settle(await verifyOnce(token, issuer, now), issuer);
  return settle(result, issuer);
}

/** Without keys, a token can be neither accepted nor denied. */
function settle(result: Verified, { rules, keys }: TrustedIssuer): Verified | Unavailable {
  if (keys.current() !== undefined) return result;
  return {
    kind: 'unavailable',
    cause: `no keys of ${rules.issuer ?? 'the issuer'}: ${keys.problem ?? 'too old'}`,
  };
}
