import { BlockList, isIP } from 'node:net';

/** Addresses of cloud metadata services: link-local, and those of Alibaba Cloud and AWS IPv6. */
const METADATA = new BlockList();
METADATA.addSubnet('169.254.0.0', 16);
METADATA.addAddress('100.100.100.200');
METADATA.addSubnet('fe80::', 10, 'ipv6');
METADATA.addAddress('fd00:ec2::254', 'ipv6');
// NAT64 form of 169.254.0.0/16 (RFC 6052).
METADATA.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** True if the IP is a cloud metadata or link-local address; false for host names. */
export function isMetadataAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && METADATA.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
