import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { bareHost } from './host-port.ts';

/**
 * The name by which a TLS server is addressed and whose certificate it must have. An IP address is never sent as a name
 * (RFC 6066 §3), and the certificate must still have it.
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
