/** A request without its body; header names in lower case, duplicate headers separate. */
export interface RequestHead {
  readonly method: string;
  /** Path with query, as Envoy routes it. */
  readonly path: string;
  readonly host: string;
  readonly headers: readonly HeaderField[];
  /** The TCP peer of Envoy, not the client behind proxies. */
  readonly peerAddress: string;
}

export type HeaderField = readonly [name: string, value: string];

/** All values of a header, in order. `name` in lower case. */
export function headerValues(request: RequestHead, name: string): string[] {
  const values: string[] = [];
  for (const [key, value] of request.headers) if (key === name) values.push(value);
  return values;
}

/** The first value of a header, or undefined. `name` in lower case. */
export function header(request: RequestHead, name: string): string | undefined {
  for (const [key, value] of request.headers) if (key === name) return value;
  return undefined;
}

export function isWebSocketUpgrade(request: RequestHead): boolean {
  return header(request, 'upgrade')?.toLowerCase() === 'websocket';
}

/** Whether the browser uses https, as Envoy or a trusted proxy in front of it says. */
export function isHttps(request: RequestHead): boolean {
  return header(request, 'x-forwarded-proto')?.toLowerCase() === 'https';
}

const HARMLESS_OPTIONS = new Set(['upgrade', 'keep-alive', 'close', 'te', 'http2-settings', '']);

/**
 * Whether `Connection` lists a header for removal (RFC 9110 §7.6.1). Envoy forwards the list on a WebSocket, so a proxy
 * behind it would remove the user id.
 */
export function nominatesHeader(request: RequestHead): boolean {
  return headerValues(request, 'connection').some(
    (line) =>
      !HARMLESS_OPTIONS.has(line.toLowerCase()) &&
      line.split(',').some((option) => !HARMLESS_OPTIONS.has(option.trim().toLowerCase())),
  );
}

const ORIGIN = /^(https?):\/\/([^/?#@\s]+)$/i;
const PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Host and port in lower case; browsers leave out the default port of the scheme. */
function withPort(authority: string, scheme: string): string {
  return (/:[0-9]+$/.test(authority) ? authority : `${authority}:${PORTS[scheme] ?? ''}`).toLowerCase();
}

/**
 * Whether an origin is the one that the request was sent to. A page over http is never the origin of a request over https;
 * the reverse is accepted, because a proxy in front may end TLS.
 */
export function isOriginOf(origin: string, request: RequestHead): boolean {
  const [, written = '', authority] = ORIGIN.exec(origin) ?? [];
  if (authority === undefined) return false;
  const scheme = written.toLowerCase();
  if (scheme === 'http' && header(request, 'x-forwarded-proto')?.toLowerCase() === 'https') return false;
  return withPort(authority, scheme) === withPort(request.host, scheme);
}

/** Whether every `Origin` header names the origin of the request; true without `Origin`. */
export function isSameOrigin(request: RequestHead): boolean {
  return headerValues(request, 'origin').every((origin) => isOriginOf(origin, request));
}
