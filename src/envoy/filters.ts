import type { Config, Endpoint } from '../config/schema.ts';
import { uncompressed } from './compression.ts';
import { upstreamDigest } from './digests.ts';
import type { Preset } from './rendering.ts';
import {
  claimHeaders,
  EXT_AUTHZ,
  HEADER_BYTES,
  HEADER_COUNT,
  HEADER_MUTATION,
  mutableHeaders,
  readHeaders,
  reservedHeaders,
  typeOf,
  unique,
  USER_ID,
} from './names.ts';

const RBAC = 'envoy.filters.http.rbac';

/** Long enough for a queued password hash; a retry would only wait longer. */
const ASK_TIMEOUT = '5s';

/** Matches exactly the output of `encodeUserId`. */
const LEGAL_USER_ID = '(?:[A-Za-z0-9_@+~-]|%[0-9A-F]{2})(?:[A-Za-z0-9._@+~-]|%[0-9A-F]{2}){0,199}';

function overwrite(key: string, value: string) {
  return { append: { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } };
}

/** First safeguard: removes the gateway's headers from client requests before routing, on every route. Then measures the headers. */
export function earlyHeaderMutation(config: Config) {
  return {
    name: 'envoy.http.early_header_mutation.header_mutation',
    typed_config: {
      '@type': typeOf('extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation'),
      mutations: [
        ...reservedHeaders(config).map((remove) => ({ remove })),
        overwrite(HEADER_COUNT, '%CEL(size(request.headers))%'),
        overwrite(HEADER_BYTES, '%REQUEST_HEADERS_BYTES%'),
      ],
    },
  };
}

/**
 * Also the first safeguard: removes the headers of claims from client requests before the service sets them. With the routes, so
 * that a change needs no new listener.
 */
export function withoutClaims(config: Config) {
  const request_mutations = claimHeaders(config).map((remove) => ({ remove }));
  if (request_mutations.length === 0) return {};
  const type = typeOf('extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute');
  return { [HEADER_MUTATION]: { '@type': type, mutations: { request_mutations } } };
}

/** Second safeguard: the service authenticates each request; any failure rejects it. With several configurations, it passes what any of them needs. */
export function extAuthz(...configs: readonly Config[]) {
  const names = unique(configs.flatMap(mutableHeaders)).map((name) =>
    name.replaceAll(/[^a-z0-9-]/g, String.raw`\$&`),
  );
  return {
    name: EXT_AUTHZ,
    typed_config: {
      '@type': typeOf('extensions.filters.http.ext_authz.v3.ExtAuthz'),
      transport_api_version: 'V3',
      grpc_service: {
        envoy_grpc: { cluster_name: 'authz', max_receive_message_length: 65_536, skip_envoy_headers: true },
        timeout: ASK_TIMEOUT,
        retry_policy: {
          retry_on: 'connect-failure,refused-stream,unavailable,reset',
          // Backoff of 20, 40, 80 … ms, half of that on average: a restart of the service only delays requests.
          num_retries: 12,
          // Envoy also uses max_interval as the per-try timeout.
          retry_back_off: { base_interval: '0.02s', max_interval: ASK_TIMEOUT },
        },
      },
      failure_mode_allow: false,
      status_on_error: { code: 'ServiceUnavailable' },
      encode_raw_headers: true,
      validate_mutations: true,
      decoder_header_mutation_rules: {
        disallow_all: true,
        disallow_is_error: true,
        allow_expression: { regex: names.join('|') },
      },
      allowed_headers: {
        patterns: unique(configs.flatMap(readHeaders)).map((exact) => ({ exact, ignore_case: true })),
      },
    },
  };
}

function metadata(key: string) {
  return {
    sourced_metadata: {
      metadata_matcher: { filter: EXT_AUTHZ, path: [{ key }], value: { present_match: true } },
    },
  };
}

function allowOnly(name: string, ids: readonly object[]) {
  const principals = [{ and_ids: { ids } }];
  return { rules: { action: 'ALLOW', policies: { [name]: { permissions: [{ any: true }], principals } } } };
}

/** Third safeguard: only authenticated requests with a valid user id reach a multi-tenant ComfyUI. */
export function rbac() {
  const hasUserId = { header: { name: USER_ID, string_match: { safe_regex: { regex: LEGAL_USER_ID } } } };
  // The shared user of a single-user ComfyUI.
  const isNotShared = { not_id: { header: { name: USER_ID, string_match: { exact: 'default' } } } };
  return {
    name: RBAC,
    typed_config: {
      '@type': typeOf('extensions.filters.http.rbac.v3.RBAC'),
      ...allowOnly('has-user', [hasUserId, isNotShared, metadata('user')]),
    },
  };
}

/** Without multi-tenant mode: authenticated, and without a user id. */
export function rbacWithoutTenants() {
  const hasNoUserId = { not_id: { header: { name: USER_ID, present_match: true } } };
  const perRoute = typeOf('extensions.filters.http.rbac.v3.RBACPerRoute');
  return {
    [RBAC]: { '@type': perRoute, rbac: allowOnly('authenticated', [hasNoUserId, metadata('endpoint')]) },
  };
}

/** Tells the service which endpoint the route belongs to, and with which bootstrap and upstreams. */
export function routeOf(endpoint: Endpoint, bootstrap: string) {
  return {
    [EXT_AUTHZ]: {
      '@type': typeOf('extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'),
      check_settings: {
        context_extensions: { endpoint: endpoint.name, upstream: upstreamDigest(endpoint), bootstrap },
      },
    },
  };
}

/** Disables authentication and compression, for Envoy's own responses, the portal and public paths. */
export function unguarded() {
  return {
    [EXT_AUTHZ]: { '@type': typeOf('extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'), disabled: true },
    [RBAC]: { '@type': typeOf('extensions.filters.http.rbac.v3.RBACPerRoute') },
    ...uncompressed(),
  };
}

/** Response headers: adds HSTS with TLS, and removes `server`, also from Envoy's own responses. */
export function responseHeaders(preset: Preset) {
  const hsts = overwrite('strict-transport-security', 'max-age=31536000');
  return {
    name: HEADER_MUTATION,
    typed_config: {
      '@type': typeOf('extensions.filters.http.header_mutation.v3.HeaderMutation'),
      mutations: {
        response_mutations: [{ remove: 'server' }, ...(preset === 'edge-tls' ? [hsts] : [])],
      },
    },
  };
}

export function router() {
  return {
    name: 'envoy.filters.http.router',
    typed_config: {
      '@type': typeOf('extensions.filters.http.router.v3.Router'),
      suppress_envoy_headers: true,
    },
  };
}
