import { isIP } from 'node:net';
import { portalAddress } from '../config/portal-address.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import { bareHost, isUnixSocket, parseOrigin, type HostPort, type ListenAddress } from '../http/host-port.ts';
import { clusterLabel, clusterOf, PORTAL, typeOf } from './names.ts';

/** Disables panic routing: an unhealthy ComfyUI may lack the plugin and must get no traffic. */
const NO_PANIC = { healthy_panic_threshold: { value: 0 } };
/** A WebSocket holds a connection for hours. */
const MANY = {
  thresholds: [{ max_connections: 10_000, max_pending_requests: 10_000, max_requests: 10_000 }],
};
/** For checks that wait while the service restarts; Envoy's default allows 3 retries. */
const MANY_RETRIES = { thresholds: [{ ...MANY.thresholds[0], max_retries: 10_000 }] };
const SYSTEM_CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

function socketAddress({ host, port }: HostPort) {
  return { socket_address: { address: host, port_value: port } };
}

function assignment(name: string, addresses: readonly object[]) {
  const lb_endpoints = addresses.map((address) => ({ endpoint: { address } }));
  return { cluster_name: name, endpoints: [{ lb_endpoints }] };
}

function serviceAddress(address: ListenAddress): object {
  return isUnixSocket(address) ? { pipe: { path: address.path } } : socketAddress(address);
}

function serviceTls({ service }: Config, protocol: 'h2' | 'http/1.1') {
  if (service.tls === undefined) return {};
  const { certFile, clientCertFile, clientKeyFile } = service.tls;
  const shown =
    clientCertFile === undefined || clientKeyFile === undefined
      ? {}
      : {
          tls_certificates: [
            { certificate_chain: { filename: clientCertFile }, private_key: { filename: clientKeyFile } },
          ],
        };
  const validation_context = { trusted_ca: { filename: certFile } };
  const common_tls_context = { alpn_protocols: [protocol], validation_context, ...shown };
  const type = typeOf('extensions.transport_sockets.tls.v3.UpstreamTlsContext');
  return {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: { '@type': type, common_tls_context },
    },
  };
}

/** A name may resolve to IPv4 and IPv6 while the service listens on one; health checks pick it. */
function discoveryOf(address: ListenAddress) {
  return isUnixSocket(address) ? { type: 'STATIC' } : { type: 'STRICT_DNS', dns_lookup_family: 'ALL' };
}

/** The authorization service, over HTTP/2. */
function authzCluster(config: Config) {
  const { listen, address = listen } = config.service;
  const options = typeOf('extensions.upstreams.http.v3.HttpProtocolOptions');
  return {
    name: 'authz',
    ...discoveryOf(address),
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': options,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    common_lb_config: NO_PANIC,
    circuit_breakers: MANY_RETRIES,
    health_checks: [
      {
        timeout: '2s',
        interval: '2s',
        no_traffic_interval: '2s',
        unhealthy_interval: '0.5s',
        no_traffic_healthy_interval: '2s',
        // Longer than a check may take: Envoy keeps retrying until then, but would
        // not with an unhealthy service.
        unhealthy_threshold: 4,
        healthy_threshold: 1,
        grpc_health_check: { service_name: 'envoy.service.auth.v3.Authorization' },
      },
    ],
    load_assignment: assignment('authz', [serviceAddress(address)]),
    ...serviceTls(config, 'h2'),
  };
}

/** The pages of the service under `/_auth/`, over HTTP/1.1. */
function portalCluster(config: Config) {
  const address = portalAddress(config);
  return {
    name: PORTAL,
    ...discoveryOf(address),
    connect_timeout: '1s',
    circuit_breakers: MANY,
    load_assignment: assignment(PORTAL, [serviceAddress(address)]),
    ...(isUnixSocket(address) ? {} : serviceTls(config, 'http/1.1')),
  };
}

/**
 * A multi-tenant ComfyUI is healthy if its plugin answers 200. Another status makes it unhealthy at once, a timeout only
 * after three, since a busy ComfyUI may be slow.
 */
function comfyuiHealth({ multiTenant }: Endpoint) {
  const expected_statuses = [{ start: 200, end: 201 }];
  const plugin = { http_health_check: { path: '/_tenant/plugin', expected_statuses } };
  return {
    timeout: '5s',
    interval: '1s',
    no_traffic_interval: '1s',
    unhealthy_interval: '1s',
    unhealthy_threshold: 3,
    healthy_threshold: 1,
    ...(multiTenant ? plugin : { tcp_health_check: {} }),
  };
}

/** The SAN that the certificate must contain: a DNS name or an IP address. */
function subjectOf({ hostname }: URL) {
  const exact = bareHost(hostname);
  return { san_type: isIP(exact) === 0 ? 'DNS' : 'IP_ADDRESS', matcher: { exact } };
}

function comfyuiTls(urls: readonly URL[]) {
  if (urls[0]?.protocol !== 'https:') return {};
  const trusted_ca = { filename: SYSTEM_CERTIFICATES };
  const match_typed_subject_alt_names = urls.map(subjectOf);
  const type = typeOf('extensions.transport_sockets.tls.v3.UpstreamTlsContext');
  const typed_config = {
    '@type': type,
    auto_host_sni: true,
    common_tls_context: { validation_context: { trusted_ca, match_typed_subject_alt_names } },
  };
  return { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config } };
}

/** An endpoint's ComfyUIs; with several, each user is always sent to the same one. */
function comfyuiCluster(endpoint: Endpoint) {
  const urls = endpoint.upstream.map((address) => new URL(address));
  const addresses = endpoint.upstream.map((url) => socketAddress(parseOrigin(url)));
  return {
    name: clusterOf(endpoint),
    alt_stat_name: clusterLabel(endpoint),
    type: 'STRICT_DNS',
    lb_policy: urls.length > 1 ? 'RING_HASH' : 'ROUND_ROBIN',
    connect_timeout: '5s',
    per_connection_buffer_limit_bytes: 1_048_576,
    common_lb_config: NO_PANIC,
    circuit_breakers: MANY,
    health_checks: [comfyuiHealth(endpoint)],
    load_assignment: assignment(clusterOf(endpoint), addresses),
    ...comfyuiTls(urls),
  };
}

export function clusters(config: Config) {
  return [authzCluster(config), portalCluster(config), ...config.endpoints.map(comfyuiCluster)];
}
