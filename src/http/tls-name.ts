import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { bareHost } from './host-port.ts';

/**
 * TLS options that verify the certificate for a host. An IP address is not sent as SNI (RFC 6066 §3), but the
 * certificate must contain it.
 *
 * @param host a name or an IP address, without port; IPv6 with or without brackets
 */
export function tlsName(host: string): Pick<ConnectionOptions, 'servername' | 'checkServerIdentity'> {
  const bare = bareHost(host);
  return {
    servername: isIP(bare) === 0 ? bare : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(bare, certificate),
  };
}
