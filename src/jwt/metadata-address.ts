import { BlockList, isIP } from 'node:net';

/** Cloud metadata services live here: link-local, and what Alibaba Cloud and AWS chose besides. */
const METADATA = new BlockList();
METADATA.addSubnet('169.254.0.0', 16);
METADATA.addAddress('100.100.100.200');
METADATA.addSubnet('fe80::', 10, 'ipv6');
METADATA.addAddress('fd00:ec2::254', 'ipv6');
// What a NAT64 gateway turns into 169.254.0.0/16 (RFC 6052).
METADATA.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** Whether an address, IPv4 or IPv6, is one that keys are never fetched from; a name is none. */
export function isMetadataAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && METADATA.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
