import type { HeaderField, RequestHead } from '../../src/http/request-head.ts';

/** A good request; a case spoils one thing. */
export function aRequest(
  headers: readonly HeaderField[] = [],
  rest: Partial<Omit<RequestHead, 'headers'>> = {},
): RequestHead {
  return {
    method: 'GET',
    path: '/queue',
    host: 'comfy.example.com',
    peerAddress: '192.0.2.7',
    ...rest,
    headers,
  };
}

/** The value of `Authorization` for HTTP Basic. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
