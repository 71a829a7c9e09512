import type { CacheLookup, Client } from '../auth/auth-method.ts';
import {
  deny,
  type Allow,
  type Decision,
  type Deny,
  type Identity,
  type Unavailable,
} from '../auth/decision.ts';
import { clientAddress } from '../http/client-address.ts';
import { isFromForeignPage } from '../http/foreign-page.ts';
import { isWellFormedHost } from '../http/host.ts';
import type { RequestHead } from '../http/request-head.ts';
import { REVISION_ROUTE } from '../http/revision-host.ts';
import type { Site } from '../pages/page.ts';
import { isUsable, type GatewayToken, type MintToken } from '../token/mint-token.ts';
import { decodeCheckRequest } from './check-request.ts';
import { encodeDeniedResponse } from './denied-response.ts';
import { routedEndpoint, type FindEndpoint, type GuardedEndpoint } from './endpoint-router.ts';
import { encodeOkResponse, prepareOkResponse, type CachedOkResponse } from './ok-response.ts';
import { signInByLink } from './sign-in.ts';
import { revisionAnswer } from './revision-answer.ts';
import { checkRequestSafety } from './request-safety.ts';

export interface AuthorizationOptions {
  /** The current endpoints; called once per check, so that each check uses a single revision. */
  readonly findEndpoint: () => FindEndpoint;
  readonly mint: MintToken;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Trusted proxies in front of Envoy (`xff_num_trusted_hops`). */
  readonly trustedHops: () => number;
  /** The title and notice of error pages. */
  readonly site: () => Site;
  /** Called once per readable check with the digest of Envoy's bootstrap. */
  readonly onBootstrap?: (digest: string) => void;
  /** Called once per check, after the decision. */
  readonly onDecision: (outcome: Outcome) => void;
}

export interface Outcome {
  readonly decision: Decision;
  /** Undefined if Envoy's route names no configured endpoint. */
  readonly endpoint?: GuardedEndpoint | undefined;
  /** Undefined if the check could not be decoded. */
  readonly request?: RequestHead | undefined;
  /** The client's address; undefined if the check could not be decoded. */
  readonly address?: string | undefined;
  readonly seconds: number;
  /** Undefined if the decision needed no lookup, for example without credentials. */
  readonly cache?: CacheLookup | undefined;
  /** The exception, if the decision is `unavailable` because of a defect. */
  readonly error?: unknown;
}

/**
 * Answers an encoded `CheckRequest` with an encoded `CheckResponse`. Never throws or rejects, and never returns empty
 * bytes, which Envoy would treat as OK.
 */
export type Check = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** What is known so far about one check in progress. */
interface CheckState {
  readonly startedMs: number;
  request?: RequestHead;
  endpoint?: GuardedEndpoint;
  client?: Client;
}

/**
 * Creates the ext_authz check. Each call
 *
 * 1. decodes the request, denies a malformed host, and finds the endpoint that Envoy's route names,
 * 2. denies requests that are unsafe whatever the credentials,
 * 3. authenticates the credentials with the endpoint's method,
 * 4. applies the access rules that concern the user,
 * 5. responds OK with the user id and a gateway token for ComfyUI, or denied with 400, 401, 403, 429 or 503.
 *
 * A check whose decision and token are cached completes synchronously; otherwise it returns a promise. Exceptions become a
 * 503. Every check is reported to `onDecision`.
 */
export function createAuthorizationService(options: AuthorizationOptions): Check {
  const { now } = options;
  // Filled from an identity's second check on, so that a million tokens used once keep nothing.
  const cachedResponses = new WeakMap<Identity, CachedOkResponse>();
  const firstToken = new WeakMap<Identity, GatewayToken | undefined>();
  const isFresh = (token: GatewayToken | undefined): boolean => token === undefined || isUsable(token, now());

  function decide(
    client: Client,
    request: RequestHead,
    endpoint: GuardedEndpoint,
  ): Decision | Promise<Decision> {
    const refusal = checkRequestSafety(request, endpoint);
    if (refusal !== undefined) return refusal;
    const credentials = endpoint.method.find(request);
    if ('kind' in credentials) return credentials;
    if (credentials.ambient && isFromForeignPage(request, endpoint.allowedOrigins))
      return deny('origin-foreign');
    return endpoint.method.authenticate(credentials, client);
  }

  function cachedOkResponse(
    endpoint: GuardedEndpoint,
    identity: Identity,
  ): CachedOkResponse | Promise<CachedOkResponse> {
    const known = cachedResponses.get(identity);
    if (known !== undefined && isFresh(known.token)) return known;
    const keep = (token: GatewayToken | undefined): CachedOkResponse => {
      const prepared = prepareOkResponse(endpoint, identity, token);
      if (firstToken.has(identity)) cachedResponses.set(identity, prepared);
      else firstToken.set(identity, token);
      return prepared;
    };
    const first = firstToken.get(identity);
    if (first !== undefined && isFresh(first)) return keep(first);
    const token = endpoint.multiTenant ? options.mint(identity, endpoint.audience) : undefined;
    return token instanceof Promise ? token.then(keep) : keep(token);
  }

  function report(state: CheckState, decision: Decision, error?: unknown): void {
    const { startedMs, request, endpoint, client } = state;
    const seconds = (performance.now() - startedMs) / 1000;
    const { address, lookup: cache } = client ?? {};
    options.onDecision({ decision, request, endpoint, address, seconds, cache, error });
  }

  function allow(state: CheckState, prepared: CachedOkResponse, decision: Allow): Uint8Array {
    const { request, endpoint } = state;
    if (request === undefined || endpoint === undefined) throw new Error('allowed without a request');
    const bytes = encodeOkResponse(prepared, endpoint, {
      request,
      identity: decision.identity,
      nowMs: now(),
    });
    report(state, decision);
    return bytes;
  }

  function refuse(state: CheckState, decision: Deny | Unavailable, error?: unknown): Uint8Array {
    report(state, decision, error);
    return encodeDeniedResponse(decision, { ...state, site: options.site() });
  }

  function respond(
    state: CheckState,
    { request, endpoint }: { request: RequestHead; endpoint: GuardedEndpoint },
    decision: Decision,
  ): Uint8Array | Promise<Uint8Array> {
    if (decision.kind !== 'allow') return refuse(state, decision);
    const denied = decision.identity.access?.(request.method, request.path);
    if (denied !== undefined) return refuse(state, denied);
    const redirected = signInByLink(request, endpoint, decision);
    if (redirected !== undefined)
      return redirected.then((bytes) => {
        report(state, decision);
        return bytes;
      });
    const prepared = cachedOkResponse(endpoint, decision.identity);
    if (prepared instanceof Promise) return prepared.then((late) => allow(state, late, decision));
    return allow(state, prepared, decision);
  }

  function handle(state: CheckState, bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const request = decodeCheckRequest(bytes);
    if (request.endpoint === REVISION_ROUTE) return revisionAnswer(request);
    state.request = request;
    const client = { address: clientAddress(request, options.trustedHops()), lookup: undefined };
    state.client = client;
    options.onBootstrap?.(request.bootstrap);
    if (!isWellFormedHost(request.host)) return refuse(state, deny('host-malformed'));
    const endpoint = routedEndpoint(request, options.findEndpoint());
    if ('kind' in endpoint) return refuse(state, endpoint);
    state.endpoint = endpoint;
    const decision = decide(client, request, endpoint);
    const routed = { request, endpoint };
    if (decision instanceof Promise) return decision.then((late) => respond(state, routed, late));
    return respond(state, routed, decision);
  }

  return (bytes) => {
    const state: CheckState = { startedMs: performance.now() };
    // Fail closed on defects.
    const fail = (error: unknown): Uint8Array =>
      refuse(state, { kind: 'unavailable', cause: 'defect' }, error);
    try {
      const response = handle(state, bytes);
      return response instanceof Promise ? response.catch(fail) : response;
    } catch (error) {
      return fail(error);
    }
  };
}
