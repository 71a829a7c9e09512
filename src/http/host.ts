const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
/** Up to 65535, without leading zeros. */
const PORT = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
const BYTE = '(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])';
const GROUP = '[0-9A-Fa-f]{1,4}';
/** The last 32 bits of an IPv6 address, as groups or as an IPv4 address. */
const LAST = `(?:${GROUP}:${GROUP}|${BYTE}(?:\\.${BYTE}){3})`;

function before(most: number): string {
  return most === 0 ? GROUP : `(?:${GROUP}:){0,${most}}${GROUP}`;
}

/** IPv6address of RFC 3986 §3.2.2, alternatives in the same order. */
const IPV6 = [
  `(?:${GROUP}:){6}${LAST}`,
  `::(?:${GROUP}:){5}${LAST}`,
  ...[4, 3, 2, 1, 0].map((after) => `(?:${before(4 - after)})?::(?:${GROUP}:){${after}}${LAST}`),
  `(?:${before(5)})?::${GROUP}`,
  `(?:${before(6)})?::`,
].join('|');

/**
 * The accepted form of `Host` and `:authority`: a DNS name with or without a final dot, an IPv4 address, or an IPv6
 * address in brackets, with an optional port from 1 to 65535. A regular expression for the whole text, in syntax common to
 * RE2 and JavaScript.
 */
export const HOST_PATTERN = `(?:${LABEL}(?:\\.${LABEL})*\\.?|\\[(?:${IPV6})\\])(?::${PORT})?`;

/** 253 for a name, plus its final dot and a port. */
export const MAX_HOST_LENGTH = 260;

const HOST = new RegExp(`^(?:${HOST_PATTERN})$`);

export function isWellFormedHost(host: string): boolean {
  return host.length <= MAX_HOST_LENGTH && HOST.test(host);
}
