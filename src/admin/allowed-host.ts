import { isIP } from 'node:net';
import type { HostPort } from '../http/host-port.ts';

const HOST = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?$/;

/**
 * Whether the admin server accepts a `Host`. A page whose name an attacker points at this machine (DNS rebinding) sends
 * that name, so only configured names pass; an IP address cannot be rebound.
 *
 * @param names lower case
 */
export function isAllowedHost(header: string | undefined, names: ReadonlySet<string>): boolean {
  const [, v6, name = ''] = HOST.exec(header ?? '') ?? [];
  if (v6 !== undefined) return isIP(v6) === 6;
  return isIP(name) === 4 || names.has(name.toLowerCase().replace(/\.$/, ''));
}

/** The host names that the admin server accepts. */
export function allowedNames(listen: HostPort, hosts: readonly string[]): ReadonlySet<string> {
  return new Set(['localhost', listen.host, ...hosts].map((host) => host.toLowerCase()));
}
