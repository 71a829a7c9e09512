import { HOST_PATTERN, MAX_HOST_LENGTH } from '../http/host.ts';
import type { Config, Endpoint, PublicPath } from '../config/schema.ts';
import { CORS_HEADERS, corsOf } from './cors.ts';
import { rbacWithoutTenants, routeOf, unguarded, withoutClaims } from './filters.ts';
import {
  ANSWER_ROUTE,
  clusterOf,
  credentialParameters,
  HEADER_BYTES,
  HEADER_COUNT,
  identifyingHeaders,
  USER_ID,
} from './names.ts';
import { siteMetadata } from './page-mappers.ts';
import { portalRoutes } from './portal-routes.ts';

/** Path segments that every server parses alike: no leading dots, escapes, parameters or backslashes. */
const SEGMENTS = String.raw`(?:[A-Za-z0-9_~!$&'()+,=:@-][A-Za-z0-9._~!$&'()+,=:@-]*/?)*`;

/** Long enough for an idle page; ComfyUI's page reconnects afterwards. */
const WEBSOCKET_IDLE = '3600s';
const REQUEST_IDLE = '300s';

/** Requests with a token in the query are not public: only the service can remove the token. */
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
    return {
      name: ANSWER_ROUTE,
      ...guard,
      direct_response: { status: answer.status, body: { inline_string: answer.body } },
    };
  }
  const route = { cluster: clusterOf(endpoint), timeout: '0s', idle_timeout: REQUEST_IDLE };
  return { ...guard, route, request_headers_to_remove: identifyingHeaders(config) };
}

function toComfyui(endpoint: Endpoint, idleTimeout: string) {
  const sticky = endpoint.upstream.length > 1 ? { hash_policy: [{ header: { header_name: USER_ID } }] } : {};
  // No limit on response time: a workflow may run for an hour.
  return { cluster: clusterOf(endpoint), timeout: '0s', idle_timeout: idleTimeout, ...sticky };
}

/** The domains, also with a trailing dot. */
function domainsOf({ domains }: Endpoint): string[] {
  return domains.flatMap((domain) => (domain === '*' ? ['*'] : [domain, `${domain}.`]));
}

/** Envoy selects a virtual host by the text before the last colon, without validating it. */
function malformedHost(ifMatches: object) {
  const header = { name: ':authority', treat_missing_header_as_empty: true, ...ifMatches };
  return { match: { prefix: '/', headers: [header] }, direct_response: { status: 400 } };
}

const MALFORMED_HOSTS = [
  malformedHost({ invert_match: true, string_match: { safe_regex: { regex: HOST_PATTERN } } }),
  malformedHost({ string_match: { safe_regex: { regex: `.{${MAX_HOST_LENGTH + 1},}` } } }),
];

/** Envoy counts method, scheme, authority and path as headers. */
const PSEUDO_HEADERS = 4;
const MAX_HEADERS = 90;
const MAX_HEADER_BYTES = 60 * 1024;

function tooMany(name: string, most: number) {
  const header = { name, range_match: { start: most + 1, end: 1_000_000_000 } };
  return { match: { prefix: '/', headers: [header] }, direct_response: { status: 431 } };
}

/**
 * Rejected by routes, not by the connection's limits, which are far higher: beyond those, HTTP/2 can only reset the
 * stream, and a request just below them has no room for the service's headers and gets a 500.
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
    ...siteMetadata(config.portal),
    response_headers_to_remove: CORS_HEADERS,
    typed_per_filter_config: {
      ...routeOf(endpoint, bootstrap),
      ...corsOf(endpoint),
      ...(endpoint.multiTenant ? {} : rbacWithoutTenants()),
    },
    routes: [
      ...[...MALFORMED_HOSTS, ...TOO_LARGE].map((route) => ({
        ...route,
        typed_per_filter_config: unguarded(),
      })),
      ...portalRoutes(endpoint, config),
      ...endpoint.publicPaths.map((publicPath) => publicRoute(publicPath, endpoint, config)),
      { match: { prefix: '/', headers: [isWebSocket] }, route: toComfyui(endpoint, WEBSOCKET_IDLE) },
      { match: { prefix: '/' }, route: toComfyui(endpoint, REQUEST_IDLE) },
    ],
  };
}

export const ROUTES = 'comfy-tenant';
export const REDIRECTS = 'redirects';

interface Hosts {
  readonly hosts: readonly object[];
  /** Added to the virtual host for all other hosts. */
  readonly unknown?: object;
}

const UNKNOWN_HOST = {
  name: 'unknown-host',
  domains: ['*'],
  routes: [{ match: { prefix: '/' }, direct_response: { status: 421 } }],
};

function configuration(name: string, config: Config, { hosts, unknown = {} }: Hosts) {
  const unknownHost = { ...UNKNOWN_HOST, ...siteMetadata(config.portal), ...unknown };
  const all = config.endpoints.some(({ domains }) => domains.includes('*'));
  return {
    name,
    ignore_port_in_host_matching: true,
    virtual_hosts: all ? hosts : [...hosts, unknownHost],
  };
}

/**
 * All virtual hosts. Unknown hosts get 421, malformed ones 400.
 *
 * @param bootstrap digest of the bootstrap
 */
export function routeConfiguration(config: Config, bootstrap: string) {
  const hosts = config.endpoints.map((endpoint) => virtualHost(endpoint, config, bootstrap));
  return {
    ...configuration(ROUTES, config, { hosts, unknown: { typed_per_filter_config: unguarded() } }),
    typed_per_filter_config: withoutClaims(config),
    request_headers_to_remove: [HEADER_COUNT, HEADER_BYTES],
  };
}

/** Redirects to HTTPS; 308 keeps the method. */
export function redirectRoutes(config: Config) {
  const port_redirect = config.gateway.listen.port;
  const redirect = { https_redirect: true, port_redirect, response_code: 'PERMANENT_REDIRECT' };
  const routes = [...MALFORMED_HOSTS, { match: { prefix: '/' }, redirect }];
  const hosts = config.endpoints.map((endpoint) => ({
    name: endpoint.name,
    domains: domainsOf(endpoint),
    ...siteMetadata(config.portal),
    routes,
  }));
  return configuration(REDIRECTS, config, { hosts });
}
