export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Splits `host:port`; an IPv6 host stands in brackets. */
export function parseHostPort(listen: string): HostPort {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(listen.slice(colon + 1)) };
}

/** The address and port of an `http` or `https` URL. */
export function parseOrigin(url: string): HostPort {
  const { protocol, hostname, port } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? usual : Number(port) };
}

const LOOPBACK = /^(127(\.[0-9]+){3}|::1|localhost)$/;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Where a program of this machine finds what listens there. */
export function reachable({ host, port }: HostPort): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return hostPort({ host: near, port });
}

/** `host:port`, with an IPv6 host in brackets. */
export function hostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
