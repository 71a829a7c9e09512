import { cookieValues } from '../http/cookies.ts';
import { headerValues, type RequestHead } from '../http/request-head.ts';

/** The gateway removes cookies with these names: browsers send them to every port of a host. */
export const SESSION_COOKIE = 'comfy_console_session';
export const FORM_COOKIE = 'comfy_console_form';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** The value of a cookie; undefined also if there are several: another port of this host may have set one. */
export function cookieOf(request: RequestHead, name: string): string | undefined {
  const [value, ...others] = cookieValues(headerValues(request, 'cookie'), name);
  return others.length === 0 && value !== undefined && SECRET.test(value) ? value : undefined;
}

export function setCookie(name: string, value: string): string {
  return `${name}=${value}; Path=/console; HttpOnly; SameSite=Strict`;
}

export function dropCookie(name: string): string {
  return `${setCookie(name, '')}; Max-Age=0`;
}
