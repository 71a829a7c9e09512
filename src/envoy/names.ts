import type { Config, Endpoint } from '../config/schema.ts';
import { ENDPOINT_HEADER, TOKEN_HEADER } from '../http/gateway-headers.ts';
import { USER_ID_HEADER_LOWER } from '../http/user-id-header.ts';
import { digestOf } from './digests.ts';
import type { TokenLookup } from '../jwt/jwt-schema.ts';

/** Also the namespace of the service's dynamic metadata. */
export const EXT_AUTHZ = 'envoy.filters.http.ext_authz';
export const HEADER_MUTATION = 'envoy.filters.http.header_mutation';
export const USER_ID = USER_ID_HEADER_LOWER;
const TOKEN = TOKEN_HEADER;
const STREAM_DURATION = 'x-envoy-upstream-stream-duration-ms';

/** Carry header count and size to Envoy's own routes; neither the service nor ComfyUI sees them. */
export const HEADER_COUNT = 'x-comfy-tenant-header-count';
export const HEADER_BYTES = 'x-comfy-tenant-header-bytes';
/** Far above the limits in the routes: see TOO_LARGE there. */
export const MAX_HEADERS_OF_CONNECTION = 1000;

/** Tells the portal which endpoint the route belongs to. */
export const ENDPOINT = ENDPOINT_HEADER;

/** Headers that only the gateway may set: removed from client requests before anything reads them. */
const OURS = [
  USER_ID,
  TOKEN,
  STREAM_DURATION,
  HEADER_COUNT,
  HEADER_BYTES,
  ENDPOINT,
  'x-envoy-auth-failure-mode-allowed',
  'comfy-user',
];
/** The client's address, set by Envoy; the service counts failures by it. */
const CLIENT_ADDRESS = 'x-envoy-external-address';

/** They tell which page a browser's request comes from. */
const SOURCE = [
  'origin',
  'referer',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'x-forwarded-proto',
];

/** In lower case, each once. */
export function unique(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

function lookups({ endpoints }: Config): TokenLookup[] {
  return endpoints.flatMap(({ auth }) => (auth.method === 'JWT' ? auth.tokenLookup : []));
}

function transformations({ endpoints }: Config) {
  return endpoints.flatMap(({ auth }) => (auth.method === 'JWT' ? auth.claimTransformations : []));
}

/** Headers into which claims are mapped. */
function mappedHeaders(config: Config): string[] {
  return transformations(config).flatMap(({ location, name }) => (location === 'HEADER' ? [name] : []));
}

function credentialHeaders(config: Config): string[] {
  return [
    'authorization',
    ...lookups(config).flatMap(({ location, name }) => (location === 'HEADER' ? [name] : [])),
  ];
}

/** One that carries credentials must reach the service, even if a claim is mapped to it. */
function withoutCredentials(names: readonly string[], config: Config): string[] {
  const credentials = new Set(unique(credentialHeaders(config)));
  return unique(names).filter((name) => !credentials.has(name));
}

/** The gateway's own headers, removed from client requests. */
export function reservedHeaders(config: Config): string[] {
  return withoutCredentials([...OURS, CLIENT_ADDRESS], config);
}

/** Other headers into which claims are mapped, also removed from client requests. */
export function claimHeaders(config: Config): string[] {
  const reserved = new Set(reservedHeaders(config));
  return withoutCredentials(mappedHeaders(config), config).filter((name) => !reserved.has(name));
}

/** Identity and credential headers, removed from requests on public paths. */
export function identifyingHeaders(config: Config): string[] {
  return unique([...OURS, ...mappedHeaders(config), ...credentialHeaders(config), 'cookie']);
}

/** Identity headers, removed from requests to the portal, which reads credentials itself. */
export function portalHeadersToRemove(config: Config): string[] {
  const kept = new Set([ENDPOINT, ...unique(credentialHeaders(config))]);
  return unique([...OURS, ...mappedHeaders(config)]).filter((name) => !kept.has(name));
}

/** Query parameters that carry credentials. */
export function credentialParameters({ auth }: Endpoint): string[] {
  if (auth.method !== 'JWT') return [];
  return auth.tokenLookup.flatMap(({ location, name }) => (location === 'QUERY' ? [name] : []));
}

/** Headers that the service may set or remove. */
export function mutableHeaders(config: Config): string[] {
  return unique([
    USER_ID,
    TOKEN,
    STREAM_DURATION,
    'cookie',
    ...credentialHeaders(config),
    ...mappedHeaders(config),
  ]);
}

/** Headers that the service reads; no others are sent to it. */
export function readHeaders(config: Config): string[] {
  const always = [
    'accept',
    'accept-language',
    'connection',
    'upgrade',
    CLIENT_ADDRESS,
    'x-request-id',
    ...SOURCE,
  ];
  const forwarded = config.gateway.trustedHops > 0 ? ['x-forwarded-for'] : [];
  return unique([...always, 'cookie', ...credentialHeaders(config), ...forwarded]);
}

/** The name of the cluster of the portal. */
export const PORTAL = 'portal';
export const PORTAL_PATH = '/_auth';

/** The name of routes that answer for public paths. */
export const ANSWER_ROUTE = 'answer';

/** The name of the cluster of an endpoint's ComfyUI in statistics. */
export function clusterLabel({ name }: Endpoint): string {
  return `comfyui-${name}`;
}

/** The name of the cluster of an endpoint's ComfyUI: other upstreams are another cluster, to which routes move in one step. */
export function clusterOf(endpoint: Endpoint): string {
  const { upstream, multiTenant } = endpoint;
  return `${clusterLabel(endpoint)}-${digestOf({ upstream, multiTenant })}`;
}

/** The namespace of the metadata of virtual hosts. */
export const METADATA = 'comfy-tenant';

/** The `@type` of a message of Envoy's API. */
export function typeOf(name: string): string {
  return `type.googleapis.com/envoy.${name}`;
}
