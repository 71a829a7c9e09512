import type { ConfigFiles } from '../../config-file/files.ts';
import type { ConfigPath, Diagnostics } from '../../config-file/diagnostics.ts';
import type { ConfigParts } from '../parse-parts.ts';
import {
  hostPort,
  isLoopback,
  isUnixSocket,
  isWildcard,
  parseHostPort,
  type HostPort,
} from '../../http/host-port.ts';
import { checkSocketPath } from './socket-path.ts';
import { upstreamKey } from './upstream-key.ts';

interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string | undefined;
}

function isOpen({ host }: HostPort): boolean {
  return !isLoopback(host);
}

function checkTls(
  tls: TlsFiles | undefined,
  path: ConfigPath,
  { files, diagnostics }: { files: ConfigFiles; diagnostics: Diagnostics },
): void {
  for (const [key, file] of Object.entries(tls ?? {}) as [string, string | undefined][]) {
    const read = file === undefined ? undefined : files.read(file);
    if (file === undefined || read === undefined) continue;
    if (!read.ok) diagnostics.fault([...path, key], `${files.shown(file)} ${read.fault}`);
    else if (!read.text.includes('-----BEGIN'))
      diagnostics.fault([...path, key], `${files.shown(file)} is not PEM: it must have a -----BEGIN line`);
  }
}

/** If the service requires a client certificate, Envoy must have one. */
function checkClientCertificate({ service }: ConfigParts, diagnostics: Diagnostics): void {
  const { clientCaFile, clientCertFile, clientKeyFile } = service?.tls ?? {};
  const given = [clientCaFile, clientCertFile, clientKeyFile].filter((file) => file !== undefined);
  if (given.length > 0 && given.length < 3)
    diagnostics.fault(
      ['service', 'tls'],
      'clientCaFile, clientCertFile and clientKeyFile must be set together: Envoy needs the client certificate that the service requires',
    );
}

/** Checks that Envoy can connect to the service. */
function checkAddress(
  { listen, address }: NonNullable<ConfigParts['service']>,
  diagnostics: Diagnostics,
): void {
  if (address === undefined) {
    if (isWildcard(listen))
      diagnostics.fault(
        ['service', 'listen'],
        'is a wildcard address, which Envoy cannot connect to: set service.address, such as authz.internal:9001',
      );
    return;
  }
  if (isUnixSocket(listen) !== isUnixSocket(address))
    diagnostics.fault(
      ['service', 'address'],
      'must be of the same kind as service.listen: both unix:path or both host:port',
    );
  checkSocketPath(address, ['service', 'address'], diagnostics);
}

function checkService({ service }: ConfigParts, diagnostics: Diagnostics): void {
  if (service === undefined) return;
  const { listen, tls } = service;
  const path = ['service', 'listen'];
  checkAddress(service, diagnostics);
  if (isUnixSocket(listen)) {
    checkSocketPath(listen, path, diagnostics);
    if (tls !== undefined)
      diagnostics.fault(
        ['service', 'tls'],
        'applies to host:port only: file permissions protect a Unix socket',
      );
  } else if (isOpen(listen) && tls?.clientCaFile === undefined) {
    diagnostics.warn(
      path,
      'is reachable from other machines, and anyone who connects gets the same answers as Envoy: use unix:, loopback, a network that only Envoy is in, or tls with clientCaFile',
    );
  }
}

interface Listener {
  readonly path: ConfigPath;
  readonly listen: HostPort;
}

/** Those on TCP ports that are given. */
function listenersOf({ gateway, service, portal, admin }: ConfigParts): Listener[] {
  const all = [
    { path: ['gateway', 'listen'], listen: gateway?.listen },
    { path: ['gateway', 'redirectFrom'], listen: gateway?.redirectFrom },
    { path: ['service', 'listen'], listen: service?.listen },
    { path: ['portal', 'listen'], listen: portal?.listen },
    { path: ['admin', 'listen'], listen: admin?.listen },
  ];
  return all.flatMap(({ path, listen }) =>
    listen === undefined || isUnixSocket(listen) || listen.port === 0 ? [] : [{ path, listen }],
  );
}

/** Whether a connection to one address arrives at the other: a listener on all addresses is also on each. */
function meet(one: HostPort, other: HostPort): boolean {
  const [key, otherKey] = [one, other].map((listen) => upstreamKey(`http://${hostPort(listen)}`));
  return key === otherKey || (one.port === other.port && (isWildcard(one) || isWildcard(other)));
}

function checkPorts(parts: ConfigParts, diagnostics: Diagnostics): void {
  const listeners = listenersOf(parts);
  listeners.forEach(({ path, listen }, index) => {
    const other = listeners.slice(0, index).find((earlier) => meet(earlier.listen, listen));
    if (other !== undefined)
      diagnostics.fault(path, `is also the address of ${other.path.join('.')}: use another port`);
  });
  for (const { at, endpoint } of parts.endpoints) {
    for (const key of endpoint.upstream.map((url) => parseHostPort(upstreamKey(url)))) {
      const isLocal = !isOpen(key);
      const own = listeners.find(({ listen }) => (isLocal || !isWildcard(listen)) && meet(listen, key));
      if (own !== undefined)
        diagnostics.fault(
          ['endpoints', at, 'upstream'],
          `is ${own.path.join('.')} itself: give the address of a ComfyUI`,
        );
    }
  }
}

/** Checks listeners, TLS files, and who can reach them. */
export function checkNetwork(parts: ConfigParts, files: ConfigFiles, diagnostics: Diagnostics): void {
  const { gateway, service, admin } = parts;
  checkTls(gateway?.tls, ['gateway', 'tls'], { files, diagnostics });
  checkTls(service?.tls, ['service', 'tls'], { files, diagnostics });
  checkClientCertificate(parts, diagnostics);
  checkService(parts, diagnostics);
  checkPorts(parts, diagnostics);
  if (gateway !== undefined && gateway.tls === undefined && isOpen(gateway.listen))
    diagnostics.warn(
      ['gateway', 'listen'],
      'is reachable from other machines without TLS: passwords and tokens are sent in plain text; set gateway.tls, or terminate TLS in front',
    );
  if (admin !== undefined && isOpen(admin.listen))
    diagnostics.warn(
      ['admin', 'listen'],
      'is reachable from other machines without authentication: allow only your monitoring to connect',
    );
}
