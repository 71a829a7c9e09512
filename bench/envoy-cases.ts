import type { bootstrap } from '../src/envoy/render.ts';
import { jwks } from './credentials.ts';

type Bootstrap = ReturnType<typeof bootstrap>;

interface Listens {
  readonly floorListen: string;
  readonly listen: string;
}

/** The HTTP filters of the one listener, to be changed. */
export function manager(config: Bootstrap) {
  const [listener] = config.static_resources.listeners;
  const [chain] = listener?.filter_chains ?? [];
  const [filter] = chain?.filters ?? [];
  if (filter === undefined) throw new Error('the bootstrap has no listener');
  return filter.typed_config as { http_filters: { name: string }[]; access_log: unknown[] };
}

/** Envoy's own authenticate of JWTs, with its cache. */
function nativeJwt(config: Bootstrap): void {
  const settings = manager(config);
  settings.http_filters = settings.http_filters.slice(-1);
  const provider = {
    issuer: 'https://login.example.com',
    audiences: ['comfyui'],
    local_jwks: { inline_string: JSON.stringify(jwks()) },
    claim_to_headers: [{ header_name: 'x-funart-comfy-userid', claim_name: 'sub' }],
    jwt_cache_config: { jwt_cache_size: 1000 },
  };
  settings.http_filters.unshift({
    name: 'envoy.filters.http.jwt_authn',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
      providers: { login: provider },
      rules: [{ match: { prefix: '/' }, requires: { provider_name: 'login' } }],
    },
  } as { name: string });
}

export const CASES: readonly (readonly [
  name: string,
  change: (config: Bootstrap, listens: Listens) => void,
  asks: 'floor' | 'ours' | null,
])[] = [
  ['no authentication', (config) => { manager(config).http_filters = manager(config).http_filters.slice(-1); }, null], // prettier-ignore
  ["Envoy's own jwt_authn with its cache", nativeJwt, null],
  ['the floor server in our place', (config, { floorListen }) => { ask(config, floorListen); }, 'floor'], // prettier-ignore
  ['ours', (config, { listen }) => { ask(config, listen); }, 'ours'], // prettier-ignore
];

/** Lets Envoy ask another server; the floor has no health service. */
function ask(config: Bootstrap, listen: string): void {
  const authz = config.static_resources.clusters[0] as unknown as {
    health_checks?: unknown;
    load_assignment: { endpoints: { lb_endpoints: { endpoint: { address: object } }[] }[] };
  };
  delete authz.health_checks;
  const endpoint = authz.load_assignment.endpoints[0]?.lb_endpoints[0]?.endpoint;
  if (endpoint !== undefined) endpoint.address = { pipe: { path: listen.slice('unix:'.length) } };
}
