import type { AuthMethod } from '../auth/auth-method.ts';
import type { ForwardedClaim, Unavailable } from '../auth/decision.ts';
import type { RoutedRequest } from './check-request.ts';

/** An endpoint of the configuration as it is guarded now. */
export interface GuardedEndpoint {
  readonly name: string;
  readonly multiTenant: boolean;
  /** Digest of the upstreams that its users may reach. */
  readonly upstream: string;
  /** `aud` of the tokens for its ComfyUIs; unused unless multi-tenant. */
  readonly audience: string;
  readonly method: AuthMethod;
  /** Where claims may be passed on besides the user id; a client's own value there is always removed. */
  readonly forwardedClaims: readonly Pick<ForwardedClaim, 'location' | 'name'>[];
}

/** Finds an endpoint by its name; undefined when none has it. */
export type FindEndpoint = (name: string) => GuardedEndpoint | undefined;

const REMEDY = 'render its bootstrap again with `comfy-tenant envoy` and restart Envoy';

function shown(name: string): string {
  return /^[a-z0-9-]{1,40}$/.test(name) ? name : 'with an invalid name';
}

function misrouted(problem: string): Unavailable {
  return { kind: 'unavailable', cause: `${problem}: ${REMEDY}` };
}

/**
 * The endpoint that Envoy's route names. Nothing else decides it: a host that is parsed a second time could mean
 * another endpoint here than it does to Envoy, and one endpoint's password would open the other.
 */
export function routedEndpoint(request: RoutedRequest, find: FindEndpoint): GuardedEndpoint | Unavailable {
  const { endpoint: name, upstream } = request;
  if (name === '') return misrouted('the route of Envoy names no endpoint');
  const endpoint = find(name);
  if (endpoint === undefined)
    return misrouted(`Envoy names the endpoint ${shown(name)}, which is not configured`);
  if (endpoint.upstream !== upstream)
    return misrouted(`Envoy sends requests of the endpoint ${name} to other upstreams than are configured`);
  return endpoint;
}
