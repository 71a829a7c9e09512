import type { CacheLookup, Client } from '../auth/auth-method.ts';
import {
  deny,
  type Allow,
  type Decision,
  type Deny,
  type Identity,
  type Unavailable,
} from '../auth/decision.ts';
import { isWellFormedHost } from '../http/host.ts';
import { disguisesParameter } from '../http/query.ts';
import {
  header,
  headerValues,
  isSameOrigin,
  isWebSocketUpgrade,
  nominatesHeader,
  type RequestHead,
} from '../http/request-head.ts';
import { isUsable, type GatewayToken, type MintToken } from '../token/mint-token.ts';
import { decodeCheckRequest } from './check-request.ts';
import { encodeDeniedResponse } from './denied-response.ts';
import { routedEndpoint, type FindEndpoint, type GuardedEndpoint } from './endpoint-router.ts';
import { encodeOkResponse, prepareOkResponse, type CachedOkResponse } from './ok-response.ts';

export interface AuthorizationOptions {
  /** The endpoints as they are now; asked once a check, so that a check is judged by one revision only. */
  readonly findEndpoint: () => FindEndpoint;
  readonly mint: MintToken;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly trustedHops: number;
  /** Called once a check that could be read, with the digest of the bootstrap that Envoy runs. */
  readonly onBootstrap?: (digest: string) => void;
  /** Called once a check, after it. */
  readonly onDecision: (outcome: Outcome) => void;
}

export interface Outcome {
  readonly decision: Decision;
  /** Undefined when the route of Envoy names none that is configured. */
  readonly endpoint?: GuardedEndpoint | undefined;
  /** Undefined when the check could not be read. */
  readonly request?: RequestHead | undefined;
  readonly seconds: number;
  /** Undefined when the decision needed no lookup, as for a request without credentials. */
  readonly cache?: CacheLookup | undefined;
  /** A defect, when the decision is `unavailable` for one. */
  readonly error?: unknown;
}

/** Answers an encoded `CheckRequest` with an encoded `CheckResponse`; never throws, never empty. */
export type Check = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** What no credentials excuse; undefined when there is nothing. */
function refuseShape(request: RequestHead, endpoint: GuardedEndpoint): Decision | undefined {
  if (nominatesHeader(request)) return deny('connection-option');
  if (!request.path.includes('%')) return undefined;
  const forwarded = endpoint.forwardedClaims.flatMap(({ location, name }) =>
    location === 'QUERY' ? [name] : [],
  );
  const names = new Set([...endpoint.method.credentialLocations.query, ...forwarded]);
  return names.size > 0 && disguisesParameter(request.path, names) ? deny('parameter-disguised') : undefined;
}

/** A foreign page can make a browser send Basic credentials and cookies: by a WebSocket, or by anything that changes. */
function isForgeable(request: RequestHead): boolean {
  return isWebSocketUpgrade(request) || !SAFE_METHODS.has(request.method);
}

/** The client as Envoy knows it: it names an external one itself, and is the last but `trustedHops` to add to the list. */
function clientOf(request: RequestHead, trustedHops: number): Client {
  const external = header(request, 'x-envoy-external-address');
  if (external !== undefined) return { address: external, lookup: undefined };
  const forwarded = trustedHops > 0 ? headerValues(request, 'x-forwarded-for').join(',').split(',') : [];
  return { address: forwarded.at(-1 - trustedHops)?.trim() ?? request.peerAddress, lookup: undefined };
}

/** One check on its way: what is known of it so far. */
interface Checking {
  readonly begunMs: number;
  request?: RequestHead;
  endpoint?: GuardedEndpoint;
  client?: Client;
}

export function createAuthorizationService(options: AuthorizationOptions): Check {
  const { now } = options;
  // From an identity's second check on: of a million tokens used once, nothing is kept.
  const preparedFor = new WeakMap<Identity, CachedOkResponse>();
  const firstToken = new WeakMap<Identity, GatewayToken | undefined>();
  const isFresh = (token: GatewayToken | undefined): boolean => token === undefined || isUsable(token, now());

  function decide(
    checking: Checking,
    request: RequestHead,
    endpoint: GuardedEndpoint,
  ): Decision | Promise<Decision> {
    const refusal = refuseShape(request, endpoint);
    if (refusal !== undefined) return refusal;
    const credentials = endpoint.method.find(request);
    if ('kind' in credentials) return credentials;
    if (credentials.ambient && isForgeable(request) && !isSameOrigin(request)) return deny('origin-foreign');
    checking.client = clientOf(request, options.trustedHops);
    return endpoint.method.authenticate(credentials, checking.client);
  }

  function preparedAnswer(
    endpoint: GuardedEndpoint,
    identity: Identity,
  ): CachedOkResponse | Promise<CachedOkResponse> {
    const known = preparedFor.get(identity);
    if (known !== undefined && isFresh(known.token)) return known;
    const keep = (token: GatewayToken | undefined): CachedOkResponse => {
      const prepared = prepareOkResponse(endpoint, identity, token);
      if (firstToken.has(identity)) preparedFor.set(identity, prepared);
      else firstToken.set(identity, token);
      return prepared;
    };
    const first = firstToken.get(identity);
    if (first !== undefined && isFresh(first)) return keep(first);
    const token = endpoint.multiTenant
      ? options.mint(identity.userId, identity.operator, endpoint.audience)
      : undefined;
    return token instanceof Promise ? token.then(keep) : keep(token);
  }

  function tell(checking: Checking, decision: Decision, error?: unknown): void {
    const { begunMs, request, endpoint, client } = checking;
    const seconds = (performance.now() - begunMs) / 1000;
    options.onDecision({ decision, request, endpoint, seconds, cache: client?.lookup, error });
  }

  function allow(checking: Checking, prepared: CachedOkResponse, decision: Allow): Uint8Array {
    const { request, endpoint } = checking;
    if (request === undefined || endpoint === undefined) throw new Error('allowed without a request');
    const bytes = encodeOkResponse(prepared, endpoint, {
      request,
      identity: decision.identity,
      nowMs: now(),
    });
    tell(checking, decision);
    return bytes;
  }

  function refuse(checking: Checking, decision: Deny | Unavailable, error?: unknown): Uint8Array {
    tell(checking, decision, error);
    return encodeDeniedResponse(decision, checking.request, checking.endpoint);
  }

  function answer(
    checking: Checking,
    endpoint: GuardedEndpoint,
    decision: Decision,
  ): Uint8Array | Promise<Uint8Array> {
    if (decision.kind !== 'allow') return refuse(checking, decision);
    const prepared = preparedAnswer(endpoint, decision.identity);
    if (prepared instanceof Promise) return prepared.then((late) => allow(checking, late, decision));
    return allow(checking, prepared, decision);
  }

  function judge(checking: Checking, bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const request = decodeCheckRequest(bytes);
    checking.request = request;
    options.onBootstrap?.(request.bootstrap);
    if (!isWellFormedHost(request.host)) return refuse(checking, deny('host-malformed'));
    const endpoint = routedEndpoint(request, options.findEndpoint());
    if ('kind' in endpoint) return refuse(checking, endpoint);
    checking.endpoint = endpoint;
    const decision = decide(checking, request, endpoint);
    if (decision instanceof Promise) return decision.then((late) => answer(checking, endpoint, late));
    return answer(checking, endpoint, decision);
  }

  return (bytes) => {
    const checking: Checking = { begunMs: performance.now() };
    // A defect lets nobody in.
    const fail = (error: unknown): Uint8Array =>
      refuse(checking, { kind: 'unavailable', cause: 'defect' }, error);
    try {
      const answered = judge(checking, bytes);
      return answered instanceof Promise ? answered.catch(fail) : answered;
    } catch (error) {
      return fail(error);
    }
  };
}
