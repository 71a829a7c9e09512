/** A request as the service sees it: no body, header names in lower case, duplicates kept apart. */
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

const HARMLESS_OPTIONS = new Set(['upgrade', 'keep-alive', 'close', 'te', 'http2-settings', '']);

/**
 * Whether `Connection` names a header for removal: Envoy forwards the list on a WebSocket, so that a proxy behind it
 * would delete the user id (RFC 9110 §7.6.1).
 */
export function nominatesHeader(request: RequestHead): boolean {
  return headerValues(request, 'connection').some(
    (line) =>
      !HARMLESS_OPTIONS.has(line.toLowerCase()) &&
      line.split(',').some((option) => !HARMLESS_OPTIONS.has(option.trim().toLowerCase())),
  );
}

const DEFAULT_PORT = /:(80|443)$/;

function authority(text: string): string {
  return text.toLowerCase().replace(DEFAULT_PORT, '');
}

/** Whether the page that made the request, when it says so by `Origin`, is of the same host and port. */
export function isSameOrigin(request: RequestHead): boolean {
  const origins = headerValues(request, 'origin');
  return origins.every((origin) => {
    const host = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
    return host !== undefined && authority(host) === authority(request.host);
  });
}
