import { header, type RequestHead } from './request-head.ts';

/** Envoy's id of the request, as in its access log; undefined if it is missing or malformed. */
export function requestId(request: RequestHead | undefined): string | undefined {
  const id = request === undefined ? undefined : header(request, 'x-request-id');
  return id !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(id) ? id : undefined;
}
