import type { KeyObject } from 'node:crypto';
import { createAccess } from '../access/access-rules.ts';
import { isOperator } from '../access/is-operator.ts';
import type { AuthMethod } from '../auth/auth-method.ts';
import type { Log } from '../admin/log.ts';
import type { Metrics } from '../admin/metrics.ts';
import type { HashQueue } from '../basic/hash-queue.ts';
import { createBasicMethod } from '../basic/basic-method.ts';
import type { LoginThrottle } from '../basic/login-throttle.ts';
import { cacheDecisions } from '../cache/cached-decisions.ts';
import { comfyuiGroups } from '../config/comfyui-groups.ts';
import type { BasicAuth } from '../basic/basic-schema.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import type { Issuer } from '../jwt/issuer-schema.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';
import { upstreamDigest } from '../envoy/digests.ts';
import type { FindEndpoint, GuardedEndpoint } from '../ext-authz/endpoint-router.ts';
import { createKeyRing, type KeyRing } from '../jwt/key-ring.ts';
import type { KeySource } from '../jwt/key-source.ts';
import { createJwtMethod } from '../jwt/jwt-method.ts';
import { openKeySource } from '../jwt/open-key-source.ts';
import { acceptProbeUsers } from '../token/probe-user.ts';

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
}

/** The endpoints of one revision of the configuration. */
export interface BuiltEndpoints {
  readonly findEndpoint: FindEndpoint;
  readonly keyRing: KeyRing;
}

const MAX_CACHED = 20_000;

function openKeys(
  rules: Issuer,
  { keySets }: Config,
  { log, metrics, now, fetch }: EndpointParts,
): KeySource {
  const issuer = rules.issuer ?? 'any';
  return openKeySource(rules, {
    keySets,
    fetch,
    now,
    onFetch(result) {
      metrics.jwksFetches.inc({ issuer, result: result.ok ? 'ok' : 'failed' });
      const { nextFetchMs } = result;
      if (result.ok) {
        metrics.keysFetched(issuer, now());
        const { keys, changed } = result;
        log.debug({ issuer, keys, changed, nextFetchMs }, 'JWKS fetched');
      } else log.warn({ issuer, problem: result.problem }, 'JWKS fetch failed; continuing with cached keys');
    },
    onSkipped(why) {
      log.warn({ issuer, why }, 'key skipped');
    },
  });
}

/** Labels are bound once, to keep checks fast. */
function countLookups(
  cache: string,
  { cacheRequests }: Metrics,
): (result: 'hit' | 'shared' | 'miss') => void {
  const counters = {
    hit: cacheRequests.labels({ cache, result: 'hit' }),
    shared: cacheRequests.labels({ cache, result: 'shared' }),
    miss: cacheRequests.labels({ cache, result: 'miss' }),
  };
  return (result) => {
    counters[result].inc();
  };
}

function basic(
  { name, rules }: Endpoint,
  auth: BasicAuth,
  { users, hashing, throttle }: EndpointParts & Pick<Config, 'users'>,
): AuthMethod {
  return createBasicMethod({
    endpoint: name,
    realm: auth.realm ?? name,
    users: users.get(name) ?? new Map(),
    userIdPrefix: auth.userIdPrefix,
    isOperator: (userId) => isOperator(auth.operators, { userId, claims: {} }),
    accessOf: createAccess(rules),
    hashing,
    throttle,
  });
}

function jwt(
  { name, rules }: Endpoint,
  auth: JwtAuth,
  { now, keyRing }: { now: () => number; keyRing: KeyRing },
): AuthMethod {
  return createJwtMethod({
    realm: auth.realm ?? name,
    issuers: auth.issuers.map((rules) => ({ rules, keys: keyRing.sourceFor(rules) })),
    tokenLookup: auth.tokenLookup,
    claimTransformations: auth.claimTransformations,
    isOperator: (userId, claims) => isOperator(auth.operators, { userId, claims }),
    accessOf: createAccess(rules),
    now,
  });
}

/**
 * Where any endpoint looks for credentials. They are removed at every endpoint: a browser also sends the cookie of one
 * endpoint to others below the same domain, and no ComfyUI may receive it.
 */
function allCredentialLocations(endpoints: readonly GuardedEndpoint[]): AuthMethod['credentialLocations'] {
  const all = (kind: keyof AuthMethod['credentialLocations']): string[] => [
    ...new Set(endpoints.flatMap(({ method }) => method.credentialLocations[kind])),
  ];
  return { headers: all('headers'), cookies: all('cookies'), query: all('query') };
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
  const { now, monotonic, metrics, verifyKeys } = parts;
  const groups = comfyuiGroups(config);
  const keyRing = createKeyRing((rules) => openKeys(rules, config, parts), before?.keyRing);

  function guard(endpoint: Endpoint): GuardedEndpoint {
    const { auth, name, multiTenant, allowedOrigins } = endpoint;
    const method =
      auth.method === 'BASIC'
        ? basic(endpoint, auth, { ...parts, users: config.users })
        : jwt(endpoint, auth, { now, keyRing });
    const sources = auth.method === 'JWT' ? auth.issuers.map((rules) => keyRing.sourceFor(rules)) : [];
    const cached = cacheDecisions(multiTenant ? acceptProbeUsers(method, verifyKeys, now) : method, {
      ttlMs: config.service.rememberFor,
      maxEntries: MAX_CACHED,
      // A throttled client must not benefit from other clients' cached decisions.
      perClient: auth.method === 'BASIC',
      now,
      monotonic,
      generation: () => sources.reduce((sum, source) => sum + source.generation, 0),
      onLookup: countLookups(name, metrics),
    });
    return {
      name,
      multiTenant,
      upstream: upstreamDigest(endpoint),
      audience: groups.find(({ endpoints }) => endpoints.includes(name))?.audience ?? '',
      method: cached,
      allowedOrigins,
      forwardedClaims: auth.method === 'JWT' ? auth.claimTransformations : [],
    };
  }

  const built = config.endpoints.map(guard);
  const credentialLocations = allCredentialLocations(built);
  const guarded = new Map(
    built.map((one) => [one.name, { ...one, method: { ...one.method, credentialLocations } }]),
  );
  before?.keyRing.close(keyRing);
  return { findEndpoint: (name) => guarded.get(name), keyRing };
}
