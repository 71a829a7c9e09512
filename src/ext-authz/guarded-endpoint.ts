import type { Method } from '../auth/authenticator.ts';
import type { PassedClaim } from '../auth/decision.ts';

/** An endpoint of the configuration as it is guarded now. */
export interface GuardedEndpoint {
  readonly name: string;
  readonly multiTenant: boolean;
  readonly method: Method;
  /** Where claims may be passed on besides the user id; a client's own value there is always removed. */
  readonly passes: readonly Pick<PassedClaim, 'location' | 'name'>[];
}

/** Finds the endpoint of a `Host`; undefined when none has it. */
export type FindEndpoint = (host: string) => GuardedEndpoint | undefined;

function hostName(host: string): string {
  return host
    .toLowerCase()
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '');
}

/** Exact domains first, then the longest wildcard, then `*`; port, trailing dot and case do not count. */
export function routeByHost(
  endpoints: readonly { readonly domains: readonly string[]; readonly endpoint: GuardedEndpoint }[],
): FindEndpoint {
  const exact = new Map<string, GuardedEndpoint>();
  for (const { domains, endpoint } of endpoints) {
    for (const domain of domains) exact.set(domain.toLowerCase(), endpoint);
  }
  return (host) => {
    const name = hostName(host);
    const found = name.startsWith('*') ? undefined : exact.get(name);
    if (found !== undefined) return found;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const wildcard = dot > 0 ? exact.get(`*${name.slice(dot)}`) : undefined;
      if (wildcard !== undefined) return wildcard;
    }
    return exact.get('*');
  };
}
