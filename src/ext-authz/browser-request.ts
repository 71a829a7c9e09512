import { header, isWebSocketUpgrade, type RequestHead } from '../http/request-head.ts';

/** Whether a browser loads a page that people see: only such a request can be redirected to sign in. */
export function isPageLoad(request: RequestHead): boolean {
  if (request.method !== 'GET' || isWebSocketUpgrade(request)) return false;
  if (header(request, 'accept')?.includes('text/html') !== true) return false;
  const mode = header(request, 'sec-fetch-mode');
  const destination = header(request, 'sec-fetch-dest');
  return (mode ?? 'navigate') === 'navigate' && (destination ?? 'document') === 'document';
}

/**
 * Whether a page made the request, not a program and not the user: a challenge would open the browser's own dialog.
 * Without `Sec-Fetch-Mode`, which browsers send to https and localhost only, `Origin` or `Referer` tell.
 */
export function isFromPage(request: RequestHead): boolean {
  const mode = header(request, 'sec-fetch-mode');
  if (mode !== undefined) return mode !== 'navigate';
  return header(request, 'origin') !== undefined || header(request, 'referer') !== undefined;
}
