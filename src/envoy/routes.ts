import type { Config, Endpoint, PublicPath } from '../config/schema.ts';
import { rbacWithoutTenants, unguarded } from './filters.ts';
import { clusterOf, reservedHeaders, USER_ID } from './names.ts';

/** A segment without dots at its start, escapes, parameters or backslashes: what no server reads in two ways. */
const SEGMENTS = String.raw`(?:[A-Za-z0-9_~!$&'()+,=:@-][A-Za-z0-9._~!$&'()+,=:@-]*/?)*`;

/** Long enough for a page that waits in silence; ComfyUI's own page reconnects after it. */
const WEBSOCKET_IDLE = '3600s';
const REQUEST_IDLE = '300s';

function matchOf({ path }: PublicPath) {
  if (!path.endsWith('*')) return { path };
  const prefix = path.slice(0, -1).replaceAll(/[.$()+]/g, String.raw`\$&`);
  return { safe_regex: { regex: prefix + SEGMENTS } };
}

function publicRoute(publicPath: PublicPath, endpoint: Endpoint, config: Config) {
  const { answer } = publicPath;
  const guard = { match: matchOf(publicPath), typed_per_filter_config: unguarded() };
  if (answer !== undefined) {
    return { ...guard, direct_response: { status: answer.status, body: { inline_string: answer.body } } };
  }
  const route = { cluster: clusterOf(endpoint), timeout: '0s', idle_timeout: REQUEST_IDLE };
  return { ...guard, route, request_headers_to_remove: reservedHeaders(config) };
}

function toComfyui(endpoint: Endpoint, idleTimeout: string) {
  const sticky = endpoint.upstream.length > 1 ? { hash_policy: [{ header: { header_name: USER_ID } }] } : {};
  // No limit on how long an answer takes: a workflow may run for an hour.
  return { cluster: clusterOf(endpoint), timeout: '0s', idle_timeout: idleTimeout, ...sticky };
}

function virtualHost(endpoint: Endpoint, config: Config) {
  const isWebSocket = { name: 'upgrade', string_match: { exact: 'websocket', ignore_case: true } };
  return {
    name: endpoint.name,
    // A host name with the dot of the root at its end is the same one.
    domains: endpoint.domains.flatMap((domain) => (domain === '*' ? ['*'] : [domain, `${domain}.`])),
    ...(endpoint.multiTenant ? {} : { typed_per_filter_config: rbacWithoutTenants() }),
    routes: [
      ...endpoint.publicPaths.map((publicPath) => publicRoute(publicPath, endpoint, config)),
      { match: { prefix: '/', headers: [isWebSocket] }, route: toComfyui(endpoint, WEBSOCKET_IDLE) },
      { match: { prefix: '/' }, route: toComfyui(endpoint, REQUEST_IDLE) },
    ],
  };
}

const UNKNOWN_HOST = {
  name: 'unknown-host',
  domains: ['*'],
  typed_per_filter_config: unguarded(),
  routes: [{ match: { prefix: '/' }, direct_response: { status: 421 } }],
};

/** All virtual hosts; a host that no endpoint has is answered with 421. */
export function routeConfiguration(config: Config) {
  const hosts = config.endpoints.map((endpoint) => virtualHost(endpoint, config));
  const all = config.endpoints.some(({ domains }) => domains.includes('*'));
  return {
    name: 'comfy-tenant',
    ignore_port_in_host_matching: true,
    virtual_hosts: all ? hosts : [...hosts, UNKNOWN_HOST],
  };
}
