import type { Diagnostics } from '../../config-file/diagnostics.ts';
import { isLoopback, isUnixSocket, isWildcard } from '../../http/host-port.ts';
import { portalListen } from '../portal-address.ts';
import type { ConfigParts } from '../parse-parts.ts';
import type { Config } from '../schema.ts';
import { checkSocketPath, isTooLong } from './socket-path.ts';

/** Checks that only Envoy can connect to the portal. */
export function checkPortal({ portal, service, session }: ConfigParts, diagnostics: Diagnostics): void {
  checkLimits(session, diagnostics);
  if (portal === undefined || service === undefined) return;
  checkListen({ portal, service }, diagnostics);
}

function checkLimits(session: ConfigParts['session'], diagnostics: Diagnostics): void {
  if (session !== undefined && session.ttl > session.maxAge)
    diagnostics.fault(
      ['session', 'ttl'],
      'must not be longer than session.maxAge, which ends a session in any case',
    );
}

function checkListen(
  { portal, service }: Pick<Config, 'portal' | 'service'>,
  diagnostics: Diagnostics,
): void {
  const path = ['portal', 'listen'];
  const listen = portalListen({ portal, service });
  if (isUnixSocket(listen)) {
    // The service's own path is reported already.
    const isKnown = portal.listen === undefined && isTooLong(service.listen);
    if (!isKnown) checkSocketPath(listen, path, diagnostics);
    return;
  }
  if (portal.address === undefined && isWildcard(listen))
    diagnostics.fault(
      path,
      'is a wildcard address, which Envoy cannot connect to: set portal.address, such as authz.internal:9003',
    );
  if (!isLoopback(listen.host) && service.tls?.clientCaFile === undefined)
    diagnostics.warn(
      path,
      'is reachable from other machines, and anyone who connects can guess passwords from any client address: use unix:, loopback, a network that only Envoy is in, or service.tls with clientCaFile',
    );
}
