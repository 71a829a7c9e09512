import type { HostPort } from '../http/host-port.ts';
import { accessLog } from './access-log.ts';
import { compressors } from './compression.ts';
import { cors } from './cors.ts';
import { earlyHeaderMutation, extAuthz, rbac, responseHeaders, router } from './filters.ts';
import { localReplies } from './local-replies.ts';
import { MAX_HEADERS_OF_CONNECTION, typeOf } from './names.ts';
import type { Rendering } from './rendering.ts';
import { redirectRoutes, REDIRECTS, routeConfiguration, ROUTES } from './routes.ts';
import { watchedAuthz, watchedRoutes, watchedTls } from './watched.ts';

function connectionManager({ config, preset, digest, watched }: Rendering) {
  return {
    '@type': typeOf('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'comfy_tenant',
    ...(watched === undefined
      ? { route_config: routeConfiguration(config, digest) }
      : watchedRoutes(ROUTES, watched)),
    use_remote_address: true,
    // Trust no client's x-envoy- headers: without a range, Envoy would trust all private addresses.
    internal_address_config: { cidr_ranges: [{ address_prefix: '255.255.255.255', prefix_len: 32 }] },
    xff_num_trusted_hops: config.gateway.trustedHops,
    server_header_transformation: 'PASS_THROUGH',
    normalize_path: true,
    merge_slashes: true,
    // ComfyUI uses names such as workflows%2Fx.json.
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    request_headers_timeout: '10s',
    stream_idle_timeout: '300s',
    // Far above the limits in the routes: see TOO_LARGE there.
    max_request_headers_kb: 256,
    common_http_protocol_options: {
      headers_with_underscores_action: 'REJECT_REQUEST',
      max_headers_count: MAX_HEADERS_OF_CONNECTION,
      idle_timeout: '900s',
    },
    http2_protocol_options: {
      max_concurrent_streams: 100,
      initial_stream_window_size: 65_536,
      initial_connection_window_size: 1_048_576,
    },
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    early_header_mutation_extensions: [earlyHeaderMutation(config)],
    http_filters: [
      responseHeaders(preset),
      ...compressors(),
      cors(),
      watched === undefined ? extAuthz(config) : watchedAuthz(watched),
      rbac(),
      router(),
    ],
    local_reply_config: localReplies(),
    access_log: [accessLog()],
  };
}

function tlsSocket({ config, watched }: Rendering) {
  const { tls } = config.gateway;
  if (tls === undefined) throw new Error('gateway.tls: the edge-tls preset needs certFile and keyFile');
  const { certFile, keyFile, clientCaFile } = tls;
  const ofClients =
    clientCaFile === undefined ? {} : { validation_context: { trusted_ca: { filename: clientCaFile } } };
  const inPlace = {
    tls_certificates: [{ certificate_chain: { filename: certFile }, private_key: { filename: keyFile } }],
    ...ofClients,
  };
  const common_tls_context = {
    alpn_protocols: ['h2', 'http/1.1'],
    tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
    ...(watched === undefined ? inPlace : watchedTls(tls, watched)),
  };
  const require_client_certificate = clientCaFile !== undefined;
  const type = typeOf('extensions.transport_sockets.tls.v3.DownstreamTlsContext');
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: { '@type': type, require_client_certificate, common_tls_context },
  };
}

function address({ host, port }: HostPort) {
  return { socket_address: { address: host, port_value: port } };
}

function listener(rendering: Rendering) {
  const { config, preset } = rendering;
  const { listen } = config.gateway;
  const http = {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: connectionManager(rendering),
  };
  return {
    name: 'gateway',
    // In a pod, other machines connect to the gateway, and ComfyUI listens on loopback only.
    address: address(preset === 'sidecar' ? { ...listen, host: '0.0.0.0' } : listen),
    per_connection_buffer_limit_bytes: 1_048_576,
    // Otherwise another process of this account could listen on the same port and get some of the requests.
    enable_reuse_port: false,
    filter_chains: [
      { filters: [http], ...(preset === 'edge-tls' ? { transport_socket: tlsSocket(rendering) } : {}) },
    ],
  };
}

/** Redirects plain HTTP to HTTPS; nothing is authenticated, and nothing reaches ComfyUI. */
function redirectListener({ config, watched }: Rendering, from: HostPort) {
  const http = {
    '@type': typeOf('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'redirect',
    ...(watched === undefined ? { route_config: redirectRoutes(config) } : watchedRoutes(REDIRECTS, watched)),
    use_remote_address: true,
    normalize_path: true,
    request_headers_timeout: '10s',
    common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST', idle_timeout: '60s' },
    http_filters: [responseHeaders('gateway'), router()],
    local_reply_config: localReplies(false),
    access_log: [accessLog()],
  };
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: http }];
  return {
    name: 'redirect',
    address: address(from),
    per_connection_buffer_limit_bytes: 32_768,
    filter_chains: [{ filters }],
  };
}

/** @throws Error if the preset needs a setting that is missing */
export function listeners(rendering: Rendering) {
  const { config, preset } = rendering;
  const from = preset === 'edge-tls' ? config.gateway.redirectFrom : undefined;
  return [listener(rendering), ...(from === undefined ? [] : [redirectListener(rendering, from)])];
}
