import { basename, dirname, join } from 'node:path';
import { isUnixSocket, type ListenAddress } from '../http/host-port.ts';
import type { Config } from './schema.ts';

type Places = Pick<Config, 'portal' | 'service'>;

/** `portal.sock` next to `authz.sock`, `x-portal.sock` next to `x.sock`; undefined if the service has no socket. */
function nextTo(address: ListenAddress | undefined): ListenAddress | undefined {
  if (address === undefined || !isUnixSocket(address)) return undefined;
  const name = basename(address.path, '.sock');
  return { path: join(dirname(address.path), name === 'authz' ? 'portal.sock' : `${name}-portal.sock`) };
}

/** Where the portal listens: `portal.listen`, which is set unless the service has a socket, or a socket next to that. */
export function portalListen({ portal, service }: Places): ListenAddress {
  return portal.listen ?? nextTo(service.listen) ?? service.listen;
}

/** Where Envoy connects to the portal. */
export function portalAddress(places: Places): ListenAddress {
  const { portal, service } = places;
  if (portal.address !== undefined) return portal.address;
  const derived = portal.listen === undefined ? nextTo(service.address) : undefined;
  return derived ?? portalListen(places);
}
