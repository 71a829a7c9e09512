import { cookieValues } from '../http/cookies.ts';
import { headerValues, isHttps, type RequestHead } from '../http/request-head.ts';

const SECURE_NAME = '__Host-comfy_session';
const PLAIN_NAME = 'comfy_session';

/** Ties the form for passwords to a browser. */
export function formCookieName(isSecure: boolean): string {
  return isSecure ? '__Host-comfy_form' : 'comfy_form';
}

/** Never forwarded to a ComfyUI. */
export const PORTAL_COOKIES = [SECURE_NAME, PLAIN_NAME, formCookieName(true), formCookieName(false)] as const;

/** On https, only the name that browsers protect: no other host and no plain connection can set a `__Host-` cookie. */
function sessionCookieName(isSecure: boolean): string {
  return isSecure ? SECURE_NAME : PLAIN_NAME;
}

/** The values of the session cookie in a request. */
export function sessionCookies(request: RequestHead): string[] {
  return cookieValues(headerValues(request, 'cookie'), sessionCookieName(isHttps(request)));
}

/** The value of `Set-Cookie` (RFC 6265bis). @param maxAgeSeconds 0 deletes the cookie */
export function setSessionCookie(value: string, isSecure: boolean, maxAgeSeconds: number): string {
  const secure = isSecure ? '; Secure' : '';
  return `${sessionCookieName(isSecure)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}
