export interface HostPort {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface UnixSocket {
  readonly path: string;
}

/** Where a server listens, or is reached. Node's `listen` and `connect` take it as it is. */
export type ListenAddress = HostPort | UnixSocket;

export function isUnixSocket(address: ListenAddress): address is UnixSocket {
  return 'path' in address;
}

/** A host without the brackets of an IPv6 address. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** Splits a valid `host:port`; the brackets around an IPv6 host are removed. */
export function parseHostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  return { host: bareHost(text.slice(0, colon)), port: Number(text.slice(colon + 1)) };
}

/** Parses a valid `unix:path` or `host:port`. */
export function parseListenAddress(text: string): ListenAddress {
  return text.startsWith('unix:') ? { path: text.slice('unix:'.length) } : parseHostPort(text);
}

/** `unix:path` or `host:port`. */
export function addressText(address: ListenAddress): string {
  return isUnixSocket(address) ? `unix:${address.path}` : hostPort(address);
}

/** Host and port of an `http` or `https` URL, with the scheme's default port. @throws TypeError for other text */
export function parseOrigin(url: string): HostPort {
  const { protocol, hostname, port } = new URL(url);
  const defaultPort = protocol === 'https:' ? 443 : 80;
  return { host: bareHost(hostname), port: port === '' ? defaultPort : Number(port) };
}

const LOOPBACK = /^(127(\.[0-9]+){3}|::1|localhost)$/;

/** Whether a host, without brackets, can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Whether a server there listens on all addresses, in any spelling. */
export function isWildcard(address: ListenAddress): boolean {
  if (isUnixSocket(address)) return false;
  const url = `http://${hostPort({ ...address, port: 80 })}`;
  return URL.canParse(url) && ['0.0.0.0', '[::]', '[::ffff:0:0]'].includes(new URL(url).hostname);
}

/** The `host:port` for connecting, on this machine, to a listener that may be bound to all addresses. */
export function reachable({ host, port }: HostPort): string {
  const target = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return hostPort({ host: target, port });
}

/** `host:port`, with an IPv6 host in brackets. */
export function hostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
