import type { Context } from 'hono';
import { cookieValues } from '../http/cookies.ts';

function lines(context: Context): string[] {
  const line = context.req.header('cookie');
  return line === undefined ? [] : [line];
}

/** The value of a cookie; undefined if it is missing, or there are several. */
export function readCookie(context: Context, name: string): string | undefined {
  const [value, ...others] = cookieValues(lines(context), name);
  return others.length > 0 ? undefined : value;
}

/** The names of all cookies. */
export function cookieNames(context: Context): string[] {
  return lines(context)
    .flatMap((line) => line.split(';'))
    .map((pair) => pair.replace(/=.*$/s, '').trim());
}
