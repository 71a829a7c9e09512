import { randomBytes } from 'node:crypto';
import { cookieValues } from '../http/cookies.ts';
import { headerValues, isHttps, type RequestHead } from '../http/request-head.ts';
import { formCookieName } from '../session/session-cookie.ts';
import type { Sessions } from '../session/sessions.ts';

/**
 * A token in the sign-in form, tied to a cookie of the same browser: another site cannot sign a browser in to an account of
 * its choice (login CSRF).
 */
export interface FormToken {
  readonly token: string;
  /** The value of `Set-Cookie`; undefined if the browser has the cookie. */
  readonly setCookie: string | undefined;
}

const PURPOSE = 'sign-in form';

function nonceOf(request: RequestHead): string | undefined {
  const [nonce, ...others] = cookieValues(headerValues(request, 'cookie'), formCookieName(isHttps(request)));
  return others.length === 0 && nonce !== undefined && /^[A-Za-z0-9_-]{22}$/.test(nonce) ? nonce : undefined;
}

export function makeFormToken(request: RequestHead, endpoint: string, sessions: Sessions): FormToken {
  const known = nonceOf(request);
  const nonce = known ?? randomBytes(16).toString('base64url');
  const secure = isHttps(request) ? '; Secure' : '';
  return {
    token: sessions.tag(PURPOSE, `${endpoint} ${nonce}`),
    setCookie:
      known === undefined
        ? `${formCookieName(isHttps(request))}=${nonce}; Path=/; HttpOnly; SameSite=Strict${secure}`
        : undefined,
  };
}

export function isFormToken(
  token: string,
  request: RequestHead,
  { endpoint, sessions }: { endpoint: string; sessions: Sessions },
): boolean {
  const nonce = nonceOf(request);
  return nonce !== undefined && sessions.isTagOf(token, PURPOSE, `${endpoint} ${nonce}`);
}
