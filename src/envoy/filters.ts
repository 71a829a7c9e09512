import type { Config, Endpoint } from '../config/schema.ts';
import { upstreamDigest } from './digests.ts';
import type { Preset } from './rendering.ts';
import {
  EXT_AUTHZ,
  HEADER_BYTES,
  HEADER_COUNT,
  mutableHeaders,
  readHeaders,
  reservedHeaders,
  typeOf,
  USER_ID,
} from './names.ts';

const RBAC = 'envoy.filters.http.rbac';

/** A password hash that waits for its turn takes a while; asked anew, it would only wait longer. */
const ASK_TIMEOUT = '5s';

/** What `encodeUserId` gives, and nothing else. */
const LEGAL_USER_ID = '(?:[A-Za-z0-9_@+~-]|%[0-9A-F]{2})(?:[A-Za-z0-9._@+~-]|%[0-9A-F]{2}){0,199}';

function overwrite(key: string, value: string) {
  return { append: { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } };
}

/** The first safeguard: our headers are taken from the client before routing, on every route. Then they are measured. */
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

/** The second safeguard: the service judges, and whatever goes wrong with it lets nobody in. */
export function extAuthz(config: Config) {
  const names = mutableHeaders(config).map((name) => name.replaceAll(/[^a-z0-9-]/g, String.raw`\$&`));
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
          // Waits of 20, 40, 80 … ms between them, half of that on average: a service that restarts delays requests.
          num_retries: 12,
          // Envoy takes the longest wait for the time of one try, too.
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
      allowed_headers: { patterns: readHeaders(config).map((exact) => ({ exact, ignore_case: true })) },
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

/** The third safeguard: only what carries a legal user id, and was judged, reaches a multi-tenant ComfyUI. */
export function rbac() {
  const hasUserId = { header: { name: USER_ID, string_match: { safe_regex: { regex: LEGAL_USER_ID } } } };
  // The name of the root that all users of a single-user ComfyUI share.
  const isNotShared = { not_id: { header: { name: USER_ID, string_match: { exact: 'default' } } } };
  return {
    name: RBAC,
    typed_config: {
      '@type': typeOf('extensions.filters.http.rbac.v3.RBAC'),
      ...allowOnly('has-user', [hasUserId, isNotShared, metadata('user')]),
    },
  };
}

/** Without multi-tenant mode: judged, and without a user id. */
export function rbacWithoutTenants() {
  const hasNoUserId = { not_id: { header: { name: USER_ID, present_match: true } } };
  const perRoute = typeOf('extensions.filters.http.rbac.v3.RBACPerRoute');
  return {
    [RBAC]: { '@type': perRoute, rbac: allowOnly('was-judged', [hasNoUserId, metadata('endpoint')]) },
  };
}

/** What the service learns of the route: only this says which endpoint a request is for. */
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

/** For what Envoy answers itself, and for public paths: nothing is asked. */
export function unguarded() {
  return {
    [EXT_AUTHZ]: { '@type': typeOf('extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'), disabled: true },
    [RBAC]: { '@type': typeOf('extensions.filters.http.rbac.v3.RBACPerRoute') },
  };
}

/** What browsers must be told on every answer, Envoy's own too, and what nobody needs to know. */
export function responseHeaders(preset: Preset) {
  const hsts = overwrite('strict-transport-security', 'max-age=31536000');
  return {
    name: 'envoy.filters.http.header_mutation',
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
