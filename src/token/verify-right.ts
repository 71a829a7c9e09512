import { randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Method } from '../auth/authenticator.ts';
import { deny, type Decision } from '../auth/decision.ts';
import { header } from '../auth/request-head.ts';
import { parseUserId } from '../auth/user-id.ts';

const AUDIENCE = 'comfy-tenant-verify';
const ISSUER = 'comfy-tenant';
const PROTECTED_HEADER = { alg: 'HS256', typ: AUDIENCE };
/** How every such credential begins, so that others are told from it without decoding them. */
const BEGIN = `Bearer ${Buffer.from(JSON.stringify(PROTECTED_HEADER)).toString('base64url')}.`;
const LIFE_SECONDS = 120;
/** `verify` cannot be a `userIdPrefix` of the configuration, so these users are nobody's. */
const USER = /^verify~[a-z0-9]{16}$/;

/** A made-up user of `comfy-tenant verify`, whom only somebody who can read the token key can be. */
export interface MadeUpUser {
  readonly userId: string;
  /** The value of `Authorization`. */
  readonly authorization: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** @param now milliseconds since 1970 */
export async function makeUpUser(signingKey: Uint8Array, now: number): Promise<MadeUpUser> {
  const userId = `verify~${randomBytes(8).toString('hex')}`;
  const expiresAt = Math.floor(now / 1000) + LIFE_SECONDS;
  const token = await new SignJWT()
    .setProtectedHeader(PROTECTED_HEADER)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setExpirationTime(expiresAt)
    .sign(signingKey);
  return { userId, authorization: `Bearer ${token}`, expiresAtMs: expiresAt * 1000 };
}

async function judge(token: string, keys: readonly Uint8Array[], now: number): Promise<Decision> {
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: AUDIENCE,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(now),
      });
      const userId = USER.test(payload.sub ?? '') ? parseUserId(payload.sub ?? '') : undefined;
      if (userId === undefined) return deny('user-id-unusable');
      const expiresAtMs = (payload.exp ?? 0) * 1000;
      return { kind: 'allow', identity: { userId, expiresAtMs, operator: false, passed: [] } };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return deny('token-expired');
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return deny('signature-wrong');
}

/** Lets a method also accept the made-up users of `comfy-tenant verify`. */
export function acceptMadeUpUsers(method: Method, keys: readonly Uint8Array[], now: () => number): Method {
  return {
    ...method,
    find(request) {
      const authorization = header(request, 'authorization');
      if (authorization?.startsWith(BEGIN) === true) return { text: authorization, ambient: false };
      return method.find(request);
    },
    authenticate(credentials, client) {
      if (!credentials.text.startsWith(BEGIN)) return method.authenticate(credentials, client);
      return judge(credentials.text.slice('Bearer '.length), keys, now());
    },
  };
}
