import { reachable, type HostPort } from '../http/host-port.ts';

/** Where a browser on this machine finds the console. */
export function consoleAddress(listen: HostPort): string {
  return `http://${reachable(listen)}/console/`;
}

/** @param address of the console */
export function setupLink(address: string, secret: string): string {
  return `${address}setup?link=${secret}`;
}
