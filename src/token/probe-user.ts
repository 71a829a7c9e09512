import { randomBytes, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { AuthMethod } from '../auth/auth-method.ts';
import { deny, type Decision } from '../auth/decision.ts';
import { header } from '../http/request-head.ts';
import { parseUserId } from '../auth/user-id.ts';

const AUDIENCE = 'comfy-tenant-verify';
const ISSUER = 'comfy-tenant';
const PROTECTED_HEADER = { alg: 'EdDSA', typ: AUDIENCE };
/** Start of every such credential, which tells them from others without decoding. */
const BEGIN = `Bearer ${Buffer.from(JSON.stringify(PROTECTED_HEADER)).toString('base64url')}.`;
const LIFE_SECONDS = 120;
/** The command may run on another machine than the service. */
const CLOCK_SKEW_SECONDS = 10;
/** `verify` cannot be a `userIdPrefix` of the configuration, so no real user has such an id. */
const USER = /^verify~[a-z0-9]{16}$/;

/** A temporary test user of `comfy-tenant verify`; only someone who can read the verify key can be one. */
export interface ProbeUser {
  readonly userId: string;
  /** The value of `Authorization`. */
  readonly authorization: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** @param now milliseconds since 1970 */
export async function createProbeUser(signingKey: KeyObject, now: number): Promise<ProbeUser> {
  const userId = `verify~${randomBytes(8).toString('hex')}`;
  const issuedAt = Math.floor(now / 1000);
  const expiresAt = issuedAt + LIFE_SECONDS;
  const token = await new SignJWT()
    .setProtectedHeader(PROTECTED_HEADER)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(signingKey);
  return { userId, authorization: `Bearer ${token}`, expiresAtMs: expiresAt * 1000 };
}

/** Whether the token says that it lives no longer than we let it; the signer is not trusted with that. */
function livesShortly({ iat, exp }: JWTPayload, nowMs: number): boolean {
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) return false;
  const [issuedAt, expiresAt] = [iat ?? 0, exp ?? 0];
  return issuedAt <= nowMs / 1000 + CLOCK_SKEW_SECONDS && expiresAt - issuedAt <= LIFE_SECONDS;
}

function identify({ sub = '', exp = 0 }: JWTPayload): Decision {
  const userId = USER.test(sub) ? parseUserId(sub) : undefined;
  if (userId === undefined) return deny('user-id-unusable');
  return {
    kind: 'allow',
    // Access rules are about real users: one that denies everything to everyone else would make `verify` useless.
    identity: { userId, expiresAtMs: exp * 1000, operator: false, forwardedClaims: [], access: undefined },
  };
}

async function verifyProbeToken(token: string, keys: readonly KeyObject[], now: number): Promise<Decision> {
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['EdDSA'],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: AUDIENCE,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(now),
      });
      return livesShortly(payload, now) ? identify(payload) : deny('token-expired');
    } catch (error) {
      if (error instanceof errors.JWTExpired) return deny('token-expired');
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return deny('signature-wrong');
}

/** Lets a method also accept the temporary test users of `comfy-tenant verify`. */
export function acceptProbeUsers(
  method: AuthMethod,
  keys: readonly KeyObject[],
  now: () => number,
): AuthMethod {
  return {
    ...method,
    find(request) {
      const authorization = header(request, 'authorization');
      if (authorization?.startsWith(BEGIN) === true) return { text: authorization, ambient: false };
      return method.find(request);
    },
    authenticate(credentials, client) {
      if (!credentials.text.startsWith(BEGIN)) return method.authenticate(credentials, client);
      return verifyProbeToken(credentials.text.slice('Bearer '.length), keys, now());
    },
  };
}
