import { basename, dirname, join } from 'node:path';
import type { Config } from './schema.ts';

type Places = Pick<Config, 'portal' | 'service'>;

/** `portal.sock` next to `authz.sock`, `x-portal.sock` next to `x.sock`. */
function besides(address: string): string {
  const path = address.slice('unix:'.length);
  const name = basename(path, '.sock');
  return `unix:${join(dirname(path), name === 'authz' ? 'portal.sock' : `${name}-portal.sock`)}`;
}

/** Where the portal listens: `portal.listen`, or a socket next to that of the service. */
export function portalListen({ portal, service }: Places): string {
  return portal.listen ?? besides(service.listen);
}

/** Where Envoy connects to the portal. */
export function portalAddress(places: Places): string {
  const { portal, service } = places;
  if (portal.address !== undefined) return portal.address;
  const { address } = service;
  const derived = portal.listen === undefined && address?.startsWith('unix:') === true;
  return derived ? besides(address) : portalListen(places);
}
