import { isIPv4, isIPv6 } from 'node:net';

/** Shared by all clients with an unparsable address, so that odd spellings do not create new clients. */
const UNKNOWN = 'unknown';
const GROUPS = 8;
/** Groups in a /64, the allocation of one household or host, and in a /48, that of one IPv4 host with 6to4. */
const HOST_GROUPS = 4;
const SITE_GROUPS = 3;

function fromDotted(address: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

function toDotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function groupsOf(text: string): number[] {
  return text === ''
    ? []
    : text
        .split(':')
        .flatMap((part) => (part.includes('.') ? fromDotted(part) : [Number.parseInt(part, 16)]));
}

/** The eight groups of an address that `isIPv6` accepts (RFC 4291 §2.2). */
function expand(address: string): number[] {
  const [front = '', back] = address.split('::');
  const first = groupsOf(front);
  const last = groupsOf(back ?? '');
  return [...first, ...Array<number>(GROUPS - first.length - last.length).fill(0), ...last];
}

const startsWith = (groups: readonly number[], ...prefix: number[]): boolean =>
  prefix.every((group, index) => groups[index] === group);

/** The IPv4 address inside a mapped (RFC 4291 §2.5.5.2) or NAT64 one (RFC 6052), or undefined. */
function embedded(groups: readonly number[]): string | undefined {
  const isEmbedded =
    startsWith(groups, 0, 0, 0, 0, 0, 0xffff) || startsWith(groups, 0x64, 0xff9b, 0, 0, 0, 0);
  return isEmbedded ? toDotted(groups[6] ?? 0, groups[7] ?? 0) : undefined;
}

/** Removes brackets, port and zone, which some proxies add. */
function bare(address: string): string {
  const text = address.trim();
  const bracketed = /^\[([^\]]*)\](?::[0-9]+)?$/.exec(text)?.[1];
  const dotted = /^([0-9.]+):[0-9]+$/.exec(text)?.[1];
  return (bracketed ?? dotted ?? text).replace(/%.*$/s, '');
}

/**
 * The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address (/48 for 6to4), normalized.
 * IPv4-mapped and NAT64 addresses give the IPv4 address; unparsable ones give `unknown`.
 */
export function clientNetwork(address: string): string {
  const text = bare(address);
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return UNKNOWN;
  const groups = expand(text);
  const ipv4 = embedded(groups);
  if (ipv4 !== undefined) return ipv4;
  const count = startsWith(groups, 0x2002) ? SITE_GROUPS : HOST_GROUPS;
  const network = groups.slice(0, count).map((group) => group.toString(16));
  return `${network.join(':')}::/${count * 16}`;
}
