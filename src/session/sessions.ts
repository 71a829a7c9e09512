import { errors, jwtVerify, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import type { Claims } from '../auth/claims.ts';
import type { DenyReason } from '../auth/decision.ts';
import type { Session } from './session.ts';
import { setSessionCookie } from './session-cookie.ts';
import { isTagOf, makeTag, type SessionKeys } from './session-keys.ts';

/** Signs and verifies session cookies. */
export interface Sessions {
  /** The value of `Set-Cookie`. @param isSecure whether the browser uses https. @throws Error if the cookie is too large for browsers */
  seal(session: Session, isSecure: boolean): Promise<string>;
  /** @param cookie the value of the cookie */
  open(cookie: string, endpoint: string): Promise<Session | DenyReason>;
  /** A keyed digest of a text for one purpose; it stays valid as long as the key is in the file. */
  tag(purpose: string, text: string): string;
  isTagOf(tag: string, purpose: string, text: string): boolean;
  /** Rises when the keys change. */
  readonly generation: number;
}

interface Options {
  readonly keys: { readonly current: SessionKeys; readonly generation: number };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ISSUER = 'comfy-tenant';
const TYPE = 'comfy-session+jwt';
/** Browsers store at most 4096 bytes of name and value. */
const MAX_COOKIE = 4096;

interface Payload extends JWTPayload {
  readonly method?: unknown;
  readonly tag?: unknown;
  readonly claims?: unknown;
  readonly signedIn?: unknown;
  readonly end?: unknown;
  readonly link?: unknown;
}

function payloadOf({ id, endpoint, user, method, passwordTag, claims, isLink, ...times }: Session): Payload {
  return {
    iss: ISSUER,
    aud: endpoint,
    jti: id,
    sub: user,
    iat: times.renewedAtMs / 1000,
    exp: times.expiresAtMs / 1000,
    method,
    signedIn: times.signedInAtMs,
    end: times.endsAtMs,
    ...(passwordTag === undefined ? {} : { tag: passwordTag }),
    ...(claims === undefined ? {} : { claims }),
    ...(isLink === true ? { link: true } : {}),
  };
}

function isWhole({ jti, sub, method, signedIn, end }: Payload): boolean {
  const texts = typeof jti === 'string' && typeof sub === 'string';
  return (
    texts && (method === 'BASIC' || method === 'JWT') && Number.isFinite(signedIn) && Number.isFinite(end)
  );
}

/** The session in a verified payload; undefined if another version of this program wrote it. */
function sessionOf(payload: Payload, endpoint: string): Session | undefined {
  if (!isWhole(payload)) return undefined;
  const { jti = '', sub = '', method, tag, claims, iat = 0, exp = 0, signedIn, end } = payload;
  return {
    id: jti,
    endpoint,
    method: method as Session['method'],
    user: sub,
    signedInAtMs: Number(signedIn),
    renewedAtMs: iat * 1000,
    endsAtMs: Number(end),
    expiresAtMs: exp * 1000,
    ...(typeof tag === 'string' ? { passwordTag: tag } : {}),
    ...(typeof claims === 'object' && claims !== null ? { claims: claims as Claims } : {}),
    ...(payload.link === true ? { isLink: true as const } : {}),
  };
}

export function createSessions({ keys, now }: Options): Sessions {
  function keyFor({ kid }: JWTHeaderParameters): Uint8Array {
    const found = keys.current.find((key) => key.kid === kid);
    if (found === undefined) throw new errors.JWKSNoMatchingKey();
    return found.secret;
  }

  return {
    async seal(session, isSecure) {
      const [key] = keys.current;
      const text = await new SignJWT(payloadOf(session))
        .setProtectedHeader({ alg: 'HS256', typ: TYPE, kid: key.kid })
        .sign(key.secret);
      const maxAgeSeconds = Math.max(0, Math.floor((session.expiresAtMs - now()) / 1000));
      const cookie = setSessionCookie(text, isSecure, maxAgeSeconds);
      if (cookie.length > MAX_COOKIE)
        throw new Error(
          `a session cookie of ${cookie.length} bytes exceeds the ${MAX_COOKIE} that browsers store: map or test fewer or shorter claims`,
        );
      return cookie;
    },
    async open(cookie, endpoint) {
      try {
        const { payload } = await jwtVerify<Payload>(cookie, keyFor, {
          algorithms: ['HS256'],
          issuer: ISSUER,
          audience: endpoint,
          typ: TYPE,
          requiredClaims: ['exp', 'iat', 'sub', 'jti'],
          currentDate: new Date(now()),
        });
        return sessionOf(payload, endpoint) ?? 'session-invalid';
      } catch (error) {
        if (error instanceof errors.JWTExpired) return 'session-expired';
        if (error instanceof errors.JOSEError) return 'session-invalid';
        throw error;
      }
    },
    tag: (purpose, text) => makeTag(keys.current, purpose, text),
    isTagOf: (tag, purpose, text) => isTagOf(keys.current, tag, { purpose, text }),
    get generation() {
      return keys.generation;
    },
  };
}
