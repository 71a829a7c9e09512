import type { Endpoint } from '../config/schema.ts';
import { HEADER_MUTATION, typeOf } from './names.ts';

const CORS = 'envoy.filters.http.cors';

/** Removed from ComfyUI's responses (its `--enable-cors-header`): the configuration alone decides who may read. */
export const CORS_HEADERS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-expose-headers',
  'access-control-max-age',
];

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** Of ComfyUI's clients; `*` does not include any header when credentials are sent. */
const HEADERS = [
  'accept',
  'authorization',
  'cache-control',
  'comfy-user',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'range',
  'x-requested-with',
];
const EXPOSED = [
  'accept-ranges',
  'content-disposition',
  'content-length',
  'content-range',
  'etag',
  'last-modified',
  'retry-after',
  'x-request-id',
].join(', ');
const MAX_AGE_SECONDS = '600';

/** Answers preflights before authentication, because browsers send no credentials with them. Does nothing without a policy. */
export function cors() {
  return { name: CORS, typed_config: { '@type': typeOf('extensions.filters.http.cors.v3.Cors') } };
}

/** No other origin may read the portal's responses. A policy without origins would inherit those of the endpoint. */
export function withoutCors({ allowedOrigins }: Endpoint) {
  if (allowedOrigins.length === 0) return {};
  const filter_enabled = { default_value: { numerator: 0, denominator: 'HUNDRED' } };
  return { [CORS]: { '@type': typeOf('extensions.filters.http.cors.v3.CorsPolicy'), filter_enabled } };
}

/** The CORS policy of an endpoint: exact origins, with credentials. Preflights of others get a response that allows nothing. */
export function corsOf({ allowedOrigins, auth }: Endpoint) {
  if (allowedOrigins.length === 0) return {};
  const lookups = auth.method === 'JWT' ? auth.tokenLookup : [];
  const own = lookups.flatMap(({ location, name }) => (location === 'HEADER' ? [name.toLowerCase()] : []));
  return {
    [CORS]: {
      '@type': typeOf('extensions.filters.http.cors.v3.CorsPolicy'),
      allow_origin_string_match: allowedOrigins.map((exact) => ({ exact })),
      allow_methods: METHODS,
      allow_headers: [...new Set([...HEADERS, ...own])].join(', '),
      expose_headers: EXPOSED,
      max_age: MAX_AGE_SECONDS,
      allow_credentials: true,
      forward_not_matching_preflights: false,
    },
    // Caches must not give one origin the response for another; also in Envoy's and the service's own responses.
    [HEADER_MUTATION]: {
      '@type': typeOf('extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute'),
      mutations: {
        response_mutations: [
          { append: { header: { key: 'vary', value: 'Origin' }, append_action: 'APPEND_IF_EXISTS_OR_ADD' } },
        ],
      },
    },
  };
}
