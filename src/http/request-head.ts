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

const DEFAULT_PORT = /:(80|443)$/;

function authority(text: string): string {
  return text.toLowerCase().replace(DEFAULT_PORT, '');
}

/** Whether every `Origin` header has the request's host and port; true without `Origin`. */
export function isSameOrigin(request: RequestHead): boolean {
  const origins = headerValues(request, 'origin');
  return origins.every((origin) => {
    const host = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
    return host !== undefined && authority(host) === authority(request.host);
  });
}
