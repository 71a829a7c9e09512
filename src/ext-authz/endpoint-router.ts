import type { AuthMethod } from '../auth/auth-method.ts';
import type { Allow, ForwardedClaim, Unavailable } from '../auth/decision.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { RoutedRequest } from './check-request.ts';

/** An endpoint of the current configuration, with its authentication method. */
export interface GuardedEndpoint {
  readonly name: string;
  readonly multiTenant: boolean;
  /** Digest of its upstreams; Envoy's must be equal. */
  readonly upstream: string;
  /** `aud` of the tokens for its ComfyUIs; unused unless multi-tenant. */
  readonly audience: string;
  readonly method: AuthMethod;
  /** Other origins whose pages may send the browser's credentials. */
  readonly allowedOrigins: readonly string[];
  /** Where claims may be passed on besides the user id; a client's own value there is always removed. */
  readonly forwardedClaims: readonly Pick<ForwardedClaim, 'location' | 'name'>[];
  /** Undefined: browsers get a challenge, as programs do. */
  readonly signIn?: SignInPlace | undefined;
  /** Sign-in with a link that carries a token; undefined where tokens are not accepted in the query. */
  readonly link?: SignInLink | undefined;
}

interface SignInLink {
  /** The query parameters that carry the endpoint's tokens. */
  readonly parameters: readonly string[];
  /** Starts a session with a verified token. Returns the value of `Set-Cookie`. */
  start(request: RequestHead, decision: Allow): Promise<string>;
}

/** Where browsers sign in: on the service's own page, or at another site whose address may contain `{url}`. */
export type SignInPlace = { readonly kind: 'page' } | { readonly kind: 'site'; readonly url: string };

/** Finds an endpoint by name; undefined if there is none. */
export type FindEndpoint = (name: string) => GuardedEndpoint | undefined;

const REMEDY = 'render its bootstrap again with `comfy-tenant envoy` and restart Envoy';

function shown(name: string): string {
  return /^[a-z0-9-]{1,40}$/.test(name) ? name : 'with an invalid name';
}

function misrouted(problem: string): Unavailable {
  return { kind: 'unavailable', cause: `${problem}: ${REMEDY}` };
}

/**
 * The endpoint that Envoy's route names. The host is not parsed again: a different result here than in Envoy would let
 * one endpoint's password open another.
 */
export function routedEndpoint(request: RoutedRequest, find: FindEndpoint): GuardedEndpoint | Unavailable {
  const { endpoint: name, upstream } = request;
  if (name === '') return misrouted("Envoy's route names no endpoint");
  const endpoint = find(name);
  if (endpoint === undefined)
    return misrouted(`Envoy names endpoint ${shown(name)}, which is not configured`);
  if (endpoint.upstream !== upstream)
    return misrouted(
      `Envoy sends requests for endpoint ${name} to upstreams that do not match the configuration`,
    );
  return endpoint;
}
