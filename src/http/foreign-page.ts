import { header, headerValues, isOriginOf, isWebSocketUpgrade, type RequestHead } from './request-head.ts';

const READING = new Set(['GET', 'HEAD']);
/** Values of `Sec-Fetch-Site` of our own pages, and of what the user typed or bookmarked. */
const OWN = new Set(['same-origin', 'none']);

/** The origin of a `Referer`; the text itself if it is not a URL. */
function originOf(referer: string): string {
  return URL.canParse(referer) ? new URL(referer).origin : referer;
}

/** A link, redirect or download of the whole page: its result is shown to the user, not to the page that it comes from. */
function isNavigation(request: RequestHead): boolean {
  if (request.method !== 'GET' || isWebSocketUpgrade(request)) return false;
  const mode = header(request, 'sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate' && header(request, 'sec-fetch-dest') === 'document';
  // Without `Sec-Fetch-*`; only scripts send `Origin` with a GET.
  const accepted = header(request, 'accept') ?? '';
  return accepted.includes('text/html') && header(request, 'origin') === undefined;
}

/** The origins in `Referer`; browsers send `Origin` with whatever is not a plain GET or HEAD. */
function referrersOf(request: RequestHead): string[] {
  return READING.has(request.method) ? headerValues(request, 'referer').map(originOf) : [];
}

/**
 * Whether a page of another origin sent the request, so that the browser may have added credentials against the user's
 * will: cross-site request forgery, cross-site WebSocket hijacking, and embedding as image, script or frame. Links from
 * other sites are fine. Programs send none of the headers that tell, and browsers send `Sec-Fetch-*` only to https and
 * localhost.
 *
 * @param allowed other origins whose pages are trusted
 */
export function isFromForeignPage(request: RequestHead, allowed: readonly string[]): boolean {
  const isTrusted = (source: string): boolean => isOriginOf(source, request) || allowed.includes(source);
  const origins = headerValues(request, 'origin');
  const sources = origins.length > 0 ? origins : referrersOf(request);
  const sites = headerValues(request, 'sec-fetch-site');
  const told = sites.length > 0 ? origins : sources;
  const isOwn = sites.every((site) => OWN.has(site)) && told.every(isTrusted);
  if (isOwn || isNavigation(request)) return false;
  return sources.length === 0 || !sources.every(isTrusted);
}
