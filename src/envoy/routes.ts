import { HOST_PATTERN, MAX_HOST_LENGTH } from '../http/host.ts';
import type { Config, Endpoint, PublicPath } from '../config/schema.ts';
import { rbacWithoutTenants, routeOf, unguarded } from './filters.ts';
import {
  clusterOf,
  credentialParameters,
  HEADER_BYTES,
  HEADER_COUNT,
  identifyingHeaders,
  USER_ID,
} from './names.ts';

/** A segment without dots at its start, escapes, parameters or backslashes: what no server reads in two ways. */
const SEGMENTS = String.raw`(?:[A-Za-z0-9_~!$&'()+,=:@-][A-Za-z0-9._~!$&'()+,=:@-]*/?)*`;

/** Long enough for a page that waits in silence; ComfyUI's own page reconnects after it. */
const WEBSOCKET_IDLE = '3600s';
const REQUEST_IDLE = '300s';

/** With a token in its query a request is no public one: only the service can take it out. */
function matchOf({ path }: PublicPath, endpoint: Endpoint) {
  const absent = credentialParameters(endpoint).map((name) => ({ name, present_match: false }));
  const query = absent.length > 0 ? { query_parameters: absent } : {};
  if (!path.endsWith('*')) return { path, ...query };
  const prefix = path.slice(0, -1).replaceAll(/[.$()+]/g, String.raw`\$&`);
  return { safe_regex: { regex: prefix + SEGMENTS }, ...query };
}

function publicRoute(publicPath: PublicPath, endpoint: Endpoint, config: Config) {
  const { answer } = publicPath;
  const guard = { match: matchOf(publicPath, endpoint), typed_per_filter_config: unguarded() };
  if (answer !== undefined) {
    return { ...guard, direct_response: { status: answer.status, body: { inline_string: answer.body } } };
  }
  const route = { cluster: clusterOf(endpoint), timeout: '0s', idle_timeout: REQUEST_IDLE };
  return { ...guard, route, request_headers_to_remove: identifyingHeaders(config) };
}

function toComfyui(endpoint: Endpoint, idleTimeout: string) {
  const sticky = endpoint.upstream.length > 1 ? { hash_policy: [{ header: { header_name: USER_ID } }] } : {};
  // No limit on how long an answer takes: a workflow may run for an hour.
  return { cluster: clusterOf(endpoint), timeout: '0s', idle_timeout: idleTimeout, ...sticky };
}

/** A host name with the dot of the root at its end is the same one. */
function domainsOf({ domains }: Endpoint): string[] {
  return domains.flatMap((domain) => (domain === '*' ? ['*'] : [domain, `${domain}.`]));
}

/** Envoy chooses a virtual host by what stands before the last colon, whatever that is. */
function malformedHost(ifMatches: object) {
  const header = { name: ':authority', treat_missing_header_as_empty: true, ...ifMatches };
  return { match: { prefix: '/', headers: [header] }, direct_response: { status: 400 } };
}

const MALFORMED_HOSTS = [
  malformedHost({ invert_match: true, string_match: { safe_regex: { regex: HOST_PATTERN } } }),
  malformedHost({ string_match: { safe_regex: { regex: `.{${MAX_HOST_LENGTH + 1},}` } } }),
];

/** Method, scheme, authority and path are headers to Envoy. */
const PSEUDO_HEADERS = 4;
const MAX_HEADERS = 90;
const MAX_HEADER_BYTES = 60 * 1024;

function tooMany(name: string, most: number) {
  const header = { name, range_match: { start: most + 1, end: 1_000_000_000 } };
  return { match: { prefix: '/', headers: [header] }, direct_response: { status: 431 } };
}

/**
 * Refused by a route, not by the limits of the connection, which are far higher: over those, HTTP/2 has no answer but a
 * reset, and a request just below them has no room for the headers that the service adds, which is a 500.
 */
const TOO_LARGE = [
  tooMany(HEADER_COUNT, MAX_HEADERS + PSEUDO_HEADERS),
  tooMany(HEADER_BYTES, MAX_HEADER_BYTES),
];

function virtualHost(endpoint: Endpoint, config: Config, bootstrap: string) {
  const isWebSocket = { name: 'upgrade', string_match: { exact: 'websocket', ignore_case: true } };
  return {
    name: endpoint.name,
    domains: domainsOf(endpoint),
    typed_per_filter_config: {
      ...routeOf(endpoint, bootstrap),
      ...(endpoint.multiTenant ? {} : rbacWithoutTenants()),
    },
    routes: [
      ...[...MALFORMED_HOSTS, ...TOO_LARGE].map((route) => ({
        ...route,
        typed_per_filter_config: unguarded(),
      })),
      ...endpoint.publicPaths.map((publicPath) => publicRoute(publicPath, endpoint, config)),
      { match: { prefix: '/', headers: [isWebSocket] }, route: toComfyui(endpoint, WEBSOCKET_IDLE) },
      { match: { prefix: '/' }, route: toComfyui(endpoint, REQUEST_IDLE) },
    ],
  };
}

const UNKNOWN_HOST = {
  name: 'unknown-host',
  domains: ['*'],
  routes: [{ match: { prefix: '/' }, direct_response: { status: 421 } }],
};

function configuration(config: Config, hosts: readonly object[], unknown: object) {
  const all = config.endpoints.some(({ domains }) => domains.includes('*'));
  return {
    name: 'comfy-tenant',
    ignore_port_in_host_matching: true,
    virtual_hosts: all ? hosts : [...hosts, unknown],
  };
}

/**
 * All virtual hosts; a host that no endpoint has is answered with 421, one that is no host with 400.
 *
 * @param bootstrap digest of the bootstrap that this is part of
 */
export function routeConfiguration(config: Config, bootstrap: string) {
  const hosts = config.endpoints.map((endpoint) => virtualHost(endpoint, config, bootstrap));
  return {
    ...configuration(config, hosts, { ...UNKNOWN_HOST, typed_per_filter_config: unguarded() }),
    request_headers_to_remove: [HEADER_COUNT, HEADER_BYTES],
  };
}

/** From plain HTTP to TLS; 308 keeps the method. */
export function redirectRoutes(config: Config) {
  const port_redirect = Number(config.gateway.listen.replace(/^.*:/, ''));
  const redirect = { https_redirect: true, port_redirect, response_code: 'PERMANENT_REDIRECT' };
  const routes = [...MALFORMED_HOSTS, { match: { prefix: '/' }, redirect }];
  const hosts = config.endpoints.map((endpoint) => ({
    name: endpoint.name,
    domains: domainsOf(endpoint),
    routes,
  }));
  return configuration(config, hosts, UNKNOWN_HOST);
}
