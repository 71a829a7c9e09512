import type { Client } from '../auth/authenticator.ts';
import { deny, type Allow, type Decision, type Identity } from '../auth/decision.ts';
import { disguisesParameter } from '../auth/query.ts';
import {
  header,
  headerValues,
  isSameOrigin,
  isWebSocketUpgrade,
  nominatesHeader,
  type RequestHead,
} from '../auth/request-head.ts';
import type { MintToken } from '../token/mint-token.ts';
import { decodeCheckRequest } from './check-request.ts';
import { encodeRefusal } from './denied-answer.ts';
import type { FindEndpoint, GuardedEndpoint } from './guarded-endpoint.ts';
import { encodeAnswer, prepare, type Prepared } from './ok-answer.ts';

export interface AuthorizationOptions {
  /** The endpoints as they are now; asked once a check, so that a check is judged by one revision only. */
  readonly findEndpoint: () => FindEndpoint;
  readonly mint: MintToken;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly trustedHops: number;
  /** Called once a check, after it. */
  readonly onDecision: (outcome: Outcome) => void;
}

export interface Outcome {
  readonly decision: Decision;
  readonly endpoint: GuardedEndpoint | undefined;
  readonly request: RequestHead | undefined;
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
  const passed = endpoint.passes.flatMap(({ location, name }) => (location === 'QUERY' ? [name] : []));
  const names = new Set([...endpoint.method.carriers.query, ...passed]);
  return names.size > 0 && disguisesParameter(request.path, names) ? deny('parameter-disguised') : undefined;
}

/** A foreign page can make a browser send Basic credentials and cookies: by a WebSocket, or by anything that changes. */
function isForgeable(request: RequestHead): boolean {
  return isWebSocketUpgrade(request) || !SAFE_METHODS.has(request.method);
}

/** The client as Envoy knows it: it names an external one itself, and is the last but `trustedHops` to add to the list. */
function clientOf(request: RequestHead, trustedHops: number): Client {
  const external = header(request, 'x-envoy-external-address');
  if (external !== undefined) return { address: external };
  const forwarded = trustedHops > 0 ? headerValues(request, 'x-forwarded-for').join(',').split(',') : [];
  return { address: forwarded.at(-1 - trustedHops)?.trim() ?? request.peerAddress };
}

export function createAuthorizationService(options: AuthorizationOptions): Check {
  const { now } = options;
  const preparedFor = new WeakMap<Identity, Prepared>();

  function decide(request: RequestHead, endpoint: GuardedEndpoint): Decision | Promise<Decision> {
    const refusal = refuseShape(request, endpoint);
    if (refusal !== undefined) return refusal;
    const credentials = endpoint.method.find(request);
    if ('kind' in credentials) return credentials;
    if (credentials.ambient && isForgeable(request) && !isSameOrigin(request)) return deny('origin-foreign');
    return endpoint.method.authenticate(credentials, clientOf(request, options.trustedHops));
  }

  function allow(
    request: RequestHead,
    endpoint: GuardedEndpoint,
    { identity }: Allow,
  ): Uint8Array | Promise<Uint8Array> {
    const finish = (prepared: Prepared): Uint8Array => {
      preparedFor.set(identity, prepared);
      return encodeAnswer(prepared, endpoint, { request, identity, nowMs: now() });
    };
    const known = preparedFor.get(identity);
    if (known !== undefined && now() < known.refreshAtMs) return finish(known);
    if (!endpoint.multiTenant) return finish(prepare(endpoint, identity, undefined));
    const token = options.mint(identity.userId, identity.operator);
    if (!(token instanceof Promise)) return finish(prepare(endpoint, identity, token));
    return token.then((minted) => finish(prepare(endpoint, identity, minted)));
  }

  function answer(
    request: RequestHead,
    endpoint: GuardedEndpoint,
    decision: Decision,
  ): Uint8Array | Promise<Uint8Array> {
    options.onDecision({ decision, endpoint, request });
    return decision.kind === 'allow'
      ? allow(request, endpoint, decision)
      : encodeRefusal(decision, request, endpoint);
  }

  /** A defect lets nobody in. */
  function fail(error: unknown, request?: RequestHead, endpoint?: GuardedEndpoint): Uint8Array {
    const decision = { kind: 'unavailable', cause: 'defect' } as const;
    options.onDecision({ decision, endpoint, request, error });
    return encodeRefusal(decision, request, endpoint);
  }

  return (bytes) => {
    let request: RequestHead | undefined;
    let endpoint: GuardedEndpoint | undefined;
    try {
      const head = decodeCheckRequest(bytes);
      request = head;
      const found = options.findEndpoint()(head.host);
      if (found === undefined) {
        const decision = deny('host-unknown');
        options.onDecision({ decision, endpoint, request });
        return encodeRefusal(decision, request);
      }
      endpoint = found;
      const decision = decide(head, found);
      const answered =
        decision instanceof Promise
          ? decision.then((late) => answer(head, found, late))
          : answer(head, found, decision);
      return answered instanceof Promise
        ? answered.catch((error: unknown) => fail(error, head, found))
        : answered;
    } catch (error) {
      return fail(error, request, endpoint);
    }
  };
}
