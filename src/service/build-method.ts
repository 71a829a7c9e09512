import type { AuthMethod } from '../auth/auth-method.ts';
import { createBasicMethod } from '../basic/basic-method.ts';
import type { BasicAuth } from '../basic/basic-schema.ts';
import { basicSessions } from '../basic/basic-sessions.ts';
import type { HashQueue } from '../basic/hash-queue.ts';
import type { LoginThrottle } from '../basic/login-throttle.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import type { SignInPlace } from '../ext-authz/endpoint-router.ts';
import { createIdentify } from '../jwt/identify.ts';
import { createJwtMethod } from '../jwt/jwt-method.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';
import { jwtSessions } from '../jwt/jwt-sessions.ts';
import type { KeyRing } from '../jwt/key-ring.ts';
import type { SessionSource } from '../session/session-source.ts';
import type { Sessions } from '../session/sessions.ts';
import { identifyingClaims, identifyingUsers } from './identifying.ts';

export interface MethodParts {
  readonly users: Config['users'];
  readonly hashing: HashQueue;
  readonly throttle: LoginThrottle;
  readonly keyRing: KeyRing;
  readonly sessions: Sessions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** An endpoint's own method, with what sessions and pages need of it. */
export interface BuiltMethod {
  readonly method: AuthMethod;
  readonly source: SessionSource;
  /** Whether session cookies are accepted. */
  readonly hasSessions: boolean;
  /** Whether the sign-in page asks for a password. */
  readonly hasPasswords: boolean;
  readonly signIn: SignInPlace | undefined;
  /** Query parameters that carry tokens. */
  readonly parameters: readonly string[];
}

function basic(
  { name, rules }: Endpoint,
  auth: BasicAuth,
  { users: all, hashing, throttle, sessions }: MethodParts,
): BuiltMethod {
  const users = all.get(name) ?? new Map<string, string>();
  const identifying = identifyingUsers(auth, rules);
  const hasPage = auth.signIn === 'page';
  return {
    method: createBasicMethod({
      ...identifying,
      endpoint: name,
      realm: auth.realm ?? name,
      users,
      hashing,
      throttle,
    }),
    source: basicSessions(users, identifying, sessions),
    hasSessions: hasPage,
    hasPasswords: hasPage,
    signIn: hasPage ? { kind: 'page' } : undefined,
    parameters: [],
  };
}

function signInOf({ signInUrl, issuers }: JwtAuth): SignInPlace | undefined {
  // The page links to the providers, or redirects to the only one.
  if (issuers.some(({ signIn }) => signIn !== undefined)) return { kind: 'page' };
  return signInUrl === undefined ? undefined : { kind: 'site', url: signInUrl };
}

function jwt(endpoint: Endpoint, auth: JwtAuth, parts: MethodParts): BuiltMethod {
  const { name, rules } = endpoint;
  const { now, keyRing } = parts;
  const identifying = identifyingClaims(auth, rules);
  const parameters = auth.tokenLookup.flatMap((at) => (at.location === 'QUERY' ? [at.name] : []));
  const tested = rules.flatMap(({ to }) => (to?.claim === undefined ? [] : [to.claim.name]));
  return {
    method: createJwtMethod({
      ...identifying,
      realm: auth.realm ?? name,
      issuers: auth.issuers.map((issuer) => ({ rules: issuer, keys: keyRing.sourceFor(issuer) })),
      tokenLookup: auth.tokenLookup,
      keepClaims: parameters.length > 0,
      now,
    }),
    source: jwtSessions(auth, createIdentify(identifying), tested),
    hasSessions: true,
    hasPasswords: false,
    signIn: signInOf(auth),
    parameters,
  };
}

export function buildMethod(endpoint: Endpoint, parts: MethodParts): BuiltMethod {
  const { auth } = endpoint;
  return auth.method === 'BASIC' ? basic(endpoint, auth, parts) : jwt(endpoint, auth, parts);
}
