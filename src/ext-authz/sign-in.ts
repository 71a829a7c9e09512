import { DENIALS, type Allow, type DenyReason } from '../auth/decision.ts';
import { queryValues, withoutParameters } from '../http/query.ts';
import { header, isHttps, type HeaderField, type RequestHead } from '../http/request-head.ts';
import { safeNext } from '../http/safe-next.ts';
import { isPageLoad } from './browser-request.ts';
import { encodeDenied } from './check-response.ts';
import type { GuardedEndpoint } from './endpoint-router.ts';

/** The page under `/_auth/` where people sign in. */
const SIGN_IN_PAGE = '/_auth/sign-in';

const FOUND = 303;

/** The path that the browser asked for, without parameters that carry tokens. */
function cleanPath({ path }: RequestHead, { method }: GuardedEndpoint): string {
  return safeNext(withoutParameters(path, new Set(method.credentialLocations.query)));
}

/** Where a browser without valid credentials signs in; undefined if the endpoint has no page for it. */
function signInLocation(request: RequestHead, endpoint: GuardedEndpoint): string | undefined {
  const { signIn } = endpoint;
  if (signIn === undefined) return undefined;
  const path = cleanPath(request, endpoint);
  if (signIn.kind === 'page') return `${SIGN_IN_PAGE}?next=${encodeURIComponent(path)}`;
  const url = `${isHttps(request) ? 'https' : 'http'}://${request.host}${path}`;
  return signIn.url.replaceAll('{url}', encodeURIComponent(url));
}

/** Redirects a page load. Never stored, and tells no other site the address. */
function encodeRedirect(
  location: string,
  endpoint: GuardedEndpoint,
  { reason, setCookie }: { reason: string; setCookie?: string },
): Uint8Array {
  const headers: HeaderField[] = [
    ['location', location],
    ['cache-control', 'no-store'],
    ['referrer-policy', 'no-referrer'],
    ...(setCookie === undefined ? [] : ([['set-cookie', setCookie]] as const)),
  ];
  const metadata: HeaderField[] = [
    ['reason', reason],
    ['endpoint', endpoint.name],
    ['method', endpoint.method.name],
  ];
  return encodeDenied({ status: FOUND, headers, body: '', metadata });
}

/** Sends a page load without valid credentials to sign in; undefined for every other request. */
export function signInRedirect(
  reason: DenyReason,
  request: RequestHead | undefined,
  endpoint: GuardedEndpoint | undefined,
): Uint8Array | undefined {
  if (request === undefined || endpoint === undefined) return undefined;
  if (DENIALS[reason].status !== 401 || !isPageLoad(request)) return undefined;
  // A program that sends wrong credentials must learn that, whatever it accepts.
  const isProgram =
    header(request, 'authorization') !== undefined && header(request, 'sec-fetch-mode') === undefined;
  const location = isProgram ? undefined : signInLocation(request, endpoint);
  return location === undefined ? undefined : encodeRedirect(location, endpoint, { reason });
}

/**
 * Starts a session for a page load whose token is in the query, and redirects to the address without it, so that the token
 * stays in no history and no log. Undefined for every other request: programs keep using the token.
 */
export function signInByLink(
  request: RequestHead,
  endpoint: GuardedEndpoint,
  decision: Allow,
): Promise<Uint8Array> | undefined {
  const { link } = endpoint;
  if (link === undefined || decision.claims === undefined || !isPageLoad(request)) return undefined;
  if (!link.parameters.some((name) => queryValues(request.path, name).length > 0)) return undefined;
  const location = cleanPath(request, endpoint);
  return link
    .start(request, decision)
    .then((setCookie) => encodeRedirect(location, endpoint, { reason: 'signed-in', setCookie }));
}
