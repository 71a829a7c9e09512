import type { KeyObject } from 'node:crypto';
import type { AuthMethod } from '../auth/auth-method.ts';
import type { Log } from '../admin/log.ts';
import type { Metrics } from '../admin/metrics.ts';
import type { HashQueue } from '../basic/hash-queue.ts';
import type { LoginThrottle } from '../basic/login-throttle.ts';
import { cacheDecisions } from '../cache/cached-decisions.ts';
import { comfyuiGroups } from '../config/comfyui-groups.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import { upstreamDigest } from '../envoy/digests.ts';
import type { FindEndpoint, GuardedEndpoint } from '../ext-authz/endpoint-router.ts';
import { createKeyRing, type KeyRing } from '../jwt/key-ring.ts';
import { acceptAccessTokens, noteUses } from '../access-token/access-token-method.ts';
import type { AccessTokens } from '../access-token/open-access-tokens.ts';
import { refuseRevoked } from '../revocation/refuse-revoked.ts';
import type { Revocations } from '../revocation/revocations.ts';
import { acceptSessions } from '../session/accept-sessions.ts';
import { PORTAL_COOKIES } from '../session/session-cookie.ts';
import type { Sessions } from '../session/sessions.ts';
import { countLookups } from './count-lookups.ts';
import { buildMethod, type BuiltMethod } from './build-method.ts';
import type { BeginSession } from '../portal/begin-session.ts';
import { nameOfIdentity } from '../portal/visit.ts';
import type { FindPortalEndpoint, PortalEndpoint } from '../portal/portal-endpoint.ts';
import { acceptProbeUsers } from '../token/probe-user.ts';
import { openKeys } from './open-keys.ts';
import { tokenOwner } from './token-owner.ts';

/** What all revisions of the configuration share. */
export interface EndpointParts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  readonly fetch: typeof fetch;
  /** Public keys for `comfy-tenant verify`; empty: its users are rejected. */
  readonly verifyKeys: readonly KeyObject[];
  readonly hashing: HashQueue;
  readonly throttle: LoginThrottle;
  readonly revocations: Revocations;
  readonly accessTokens: AccessTokens;
  readonly sessions: Sessions;
  readonly beginSession: BeginSession;
}

/** The endpoints of one revision of the configuration. */
export interface BuiltEndpoints {
  readonly findEndpoint: FindEndpoint;
  readonly findPortalEndpoint: FindPortalEndpoint;
  readonly keyRing: KeyRing;
}

const MAX_CACHED = 20_000;

/**
 * Where any endpoint looks for credentials. They are removed at every endpoint: a browser also sends the cookie of one
 * endpoint to others below the same domain, and no ComfyUI may receive it.
 */
function allCredentialLocations(endpoints: readonly GuardedEndpoint[]): AuthMethod['credentialLocations'] {
  const all = (kind: keyof AuthMethod['credentialLocations']): string[] => [
    ...new Set(endpoints.flatMap(({ method }) => method.credentialLocations[kind])),
  ];
  return {
    headers: all('headers'),
    cookies: [...new Set([...all('cookies'), ...PORTAL_COOKIES])],
    query: all('query'),
  };
}

/** Sign-in with a link, where tokens are accepted in the query. */
function linkOf(
  endpoint: PortalEndpoint,
  { parameters }: BuiltMethod,
  { beginSession }: EndpointParts,
): GuardedEndpoint['link'] {
  if (parameters.length === 0) return undefined;
  return {
    parameters,
    start: (request, { identity, claims }) =>
      beginSession(request, endpoint, {
        identity,
        claims,
        user: nameOfIdentity(identity),
        credentialEndsAtMs: identity.expiresAtMs,
        way: 'link',
      }),
  };
}

/**
 * Builds the authentication of every endpoint. Fetched JWKS are kept from the previous revision; everything else is new,
 * so that no cached decision outlives its configuration.
 *
 * @throws Error if a part cannot be built; the previous revision is then unchanged
 */
export function buildEndpoints(
  config: Config,
  parts: EndpointParts,
  before?: BuiltEndpoints,
): BuiltEndpoints {
  const { now, monotonic, metrics, verifyKeys, revocations, accessTokens, sessions } = parts;
  const groups = comfyuiGroups(config);
  const keyRing = createKeyRing((rules) => openKeys(rules, config, parts), before?.keyRing);
  const limits = { ttlMs: config.session.ttl, maxAgeMs: config.session.maxAge };
  const portal = new Map<string, PortalEndpoint>();

  /** Each layer accepts one more kind of credentials, or refuses some of those below it. */
  function composed(endpoint: Endpoint, built: BuiltMethod): AuthMethod {
    const { auth, name, multiTenant } = endpoint;
    const { method, source } = built;
    const withTokens = acceptAccessTokens(method, {
      endpoint: name,
      tokens: accessTokens,
      throttle: parts.throttle,
      now,
      identify: tokenOwner(endpoint, config.users),
    });
    const inSessions = built.hasSessions
      ? acceptSessions(withTokens, { endpoint: name, sessions, limits, source, now })
      : withTokens;
    const checked = refuseRevoked(inSessions, name, revocations);
    const sources = auth.method === 'JWT' ? auth.issuers.map((rules) => keyRing.sourceFor(rules)) : [];
    return cacheDecisions(multiTenant ? acceptProbeUsers(checked, verifyKeys, now) : checked, {
      ttlMs: config.service.rememberFor,
      maxEntries: MAX_CACHED,
      // A throttled client must not benefit from other clients' cached decisions.
      perClient: auth.method === 'BASIC',
      now,
      monotonic,
      generation: () =>
        sources.reduce(
          (sum, one) => sum + one.generation,
          revocations.generation + accessTokens.generation + sessions.generation,
        ),
      onLookup: countLookups(name, metrics),
    });
  }

  function guard(endpoint: Endpoint): GuardedEndpoint {
    const { auth, name, multiTenant, allowedOrigins } = endpoint;
    const built = buildMethod(endpoint, { ...parts, users: config.users, keyRing });
    const method = composed(endpoint, built);
    const passwords = built.hasPasswords ? built.method : undefined;
    const signInUrl = auth.method === 'JWT' ? auth.signInUrl : undefined;
    const shown: PortalEndpoint = {
      name,
      method,
      passwords,
      signInUrl: signInUrl?.includes('{url}') === true ? undefined : signInUrl,
      source: built.source,
      limits,
    };
    portal.set(name, shown);
    return {
      name,
      multiTenant,
      upstream: upstreamDigest(endpoint),
      audience: groups.find(({ endpoints }) => endpoints.includes(name))?.audience ?? '',
      method: noteUses(method, accessTokens),
      allowedOrigins,
      forwardedClaims: auth.method === 'JWT' ? auth.claimTransformations : [],
      signIn: built.signIn,
      link: linkOf(shown, built, parts),
    };
  }

  const guardedList = config.endpoints.map(guard);
  const credentialLocations = allCredentialLocations(guardedList);
  const guarded = new Map(
    guardedList.map((one) => [one.name, { ...one, method: { ...one.method, credentialLocations } }]),
  );
  before?.keyRing.close(keyRing);
  return {
    findEndpoint: (name) => guarded.get(name),
    findPortalEndpoint: (name) => portal.get(name),
    keyRing,
  };
}
