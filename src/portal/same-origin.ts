import { header, headerValues, isOriginOf, type RequestHead } from '../http/request-head.ts';

/**
 * Whether a page of this origin sent the request. Unlike for reading, a request without evidence is rejected: browsers
 * send it with every form and every POST.
 */
export function isFromOwnPage(request: RequestHead): boolean {
  const origins = headerValues(request, 'origin');
  if (origins.some((origin) => !isOriginOf(origin, request))) return false;
  const site = header(request, 'sec-fetch-site');
  return site === undefined ? origins.length > 0 : site === 'same-origin';
}
