import type { Config } from '../config/schema.ts';
import { earlyHeaderMutation, extAuthz, rbac, router } from './filters.ts';
import { typeOf } from './names.ts';
import type { Preset } from './render.ts';
import { routeConfiguration } from './routes.ts';

/** Never the query, which may carry a token, and no header of the client. */
const ACCESS_LOG = {
  time: '%START_TIME%',
  request: '%REQ(X-REQUEST-ID)%',
  method: '%REQ(:METHOD)%',
  host: '%REQ(:AUTHORITY)%',
  path: '%PATH(NQ)%',
  status: '%RESPONSE_CODE%',
  why: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  bytes: '%BYTES_SENT%',
  ms: '%DURATION%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
  user: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:user)%',
  endpoint: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:endpoint)%',
  auth: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:method)%',
  reason: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%',
};

function reply(code: string, message: string) {
  return { json_format: { error: { code, message, requestId: '%REQ(X-REQUEST-ID)%' } } };
}

function flags(...list: string[]) {
  return { response_flag_filter: { flags: list } };
}

function status(value: number) {
  const comparison = {
    op: 'EQ',
    value: { default_value: value, runtime_key: `comfy_tenant.status_${value}` },
  };
  return { status_code_filter: { comparison } };
}

const RETRY_SOON = [{ header: { key: 'retry-after', value: '2' } }];

/** Envoy's own answers in the form of ours; those of the service pass as they are. */
const LOCAL_REPLIES = {
  mappers: [
    {
      filter: flags('UH', 'UF', 'UC', 'UO', 'LR', 'UR'),
      body_format_override: reply(
        'unavailable',
        'ComfyUI is not there at the moment. Please try again soon.',
      ),
      headers_to_add: RETRY_SOON,
    },
    {
      filter: status(421),
      body_format_override: reply('unknown-host', 'This host name is not served here.'),
    },
    {
      filter: status(400),
      body_format_override: reply('malformed', 'This request cannot be read in one way only.'),
    },
    {
      filter: status(431),
      body_format_override: reply('too-large', 'The headers of this request are too large.'),
    },
  ],
};

function connectionManager(config: Config, preset: Preset) {
  const hsts = { key: 'strict-transport-security', value: 'max-age=31536000' };
  const routes = routeConfiguration(config);
  const stdout = typeOf('extensions.access_loggers.stream.v3.StdoutAccessLog');
  return {
    '@type': typeOf('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'comfy_tenant',
    route_config: preset === 'edge-tls' ? { ...routes, response_headers_to_add: [{ header: hsts }] } : routes,
    use_remote_address: true,
    xff_num_trusted_hops: config.gateway.trustedHops,
    server_header_transformation: 'PASS_THROUGH',
    normalize_path: true,
    merge_slashes: true,
    // ComfyUI keeps workflows under names such as workflows%2Fx.json.
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    request_headers_timeout: '10s',
    stream_idle_timeout: '300s',
    common_http_protocol_options: {
      headers_with_underscores_action: 'REJECT_REQUEST',
      max_headers_count: 90,
      idle_timeout: '900s',
    },
    http2_protocol_options: {
      max_concurrent_streams: 100,
      initial_stream_window_size: 65_536,
      initial_connection_window_size: 1_048_576,
    },
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    early_header_mutation_extensions: [earlyHeaderMutation(config)],
    http_filters: [extAuthz(config), rbac(), router()],
    local_reply_config: LOCAL_REPLIES,
    access_log: [
      {
        name: 'envoy.access_loggers.stdout',
        typed_config: { '@type': stdout, log_format: { json_format: ACCESS_LOG } },
      },
    ],
  };
}

function tlsSocket({ gateway }: Config) {
  const { tls } = gateway;
  if (tls === undefined) throw new Error('gateway.tls: the edge-tls preset needs certFile and keyFile');
  const common_tls_context = {
    alpn_protocols: ['h2', 'http/1.1'],
    tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
    tls_certificates: [
      { certificate_chain: { filename: tls.certFile }, private_key: { filename: tls.keyFile } },
    ],
  };
  const type = typeOf('extensions.transport_sockets.tls.v3.DownstreamTlsContext');
  return { name: 'envoy.transport_sockets.tls', typed_config: { '@type': type, common_tls_context } };
}

/** @throws Error when the preset needs what the configuration does not say */
export function listener(config: Config, preset: Preset) {
  const { listen } = config.gateway;
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const http = {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: connectionManager(config, preset),
  };
  return {
    name: 'gateway',
    // Beside ComfyUI in its pod, the gateway is what others reach, and ComfyUI listens on loopback only.
    address: {
      socket_address: {
        address: preset === 'sidecar' ? '0.0.0.0' : host,
        port_value: Number(listen.slice(colon + 1)),
      },
    },
    per_connection_buffer_limit_bytes: 1_048_576,
    filter_chains: [
      { filters: [http], ...(preset === 'edge-tls' ? { transport_socket: tlsSocket(config) } : {}) },
    ],
  };
}
