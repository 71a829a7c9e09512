import { BlockList, isIP } from 'node:net';

interface Block {
  readonly address: string;
  readonly type: 'ipv4' | 'ipv6';
  readonly prefix: number;
}

/** An IP address, or a network such as `172.16.0.0/12`; undefined if it is neither. */
function parseBlock(text: string): Block | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : -1;
  if (prefix < 0 || prefix > most) return undefined;
  return { address, type: version === 4 ? 'ipv4' : 'ipv6', prefix };
}

export function isAddressBlock(text: string): boolean {
  return parseBlock(text) !== undefined;
}

/** Whether an address is in one of the networks. An IPv4 address may be written as IPv6 (`::ffff:172.18.0.1`), which `BlockList` knows. */
export function addressList(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of blocks) {
    const block = parseBlock(text);
    if (block !== undefined) list.addSubnet(block.address, block.prefix, block.type);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}
