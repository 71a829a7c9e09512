import type { Context } from 'hono';
import type { Html } from '../portal/page-response.ts';
import { html } from 'hono/html';
import { cookieOf, FORM_COOKIE, setCookie } from './console-cookies.ts';
import type { ConsoleParts } from './console-context.ts';
import type { Form } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

/** The hidden field of a form before sign-in, tied to a cookie that this sets: no page can sign a browser in to another's account. */
export function nonceField(context: Context, { request }: ConsoleVisit, parts: ConsoleParts): Html {
  const known = cookieOf(request, FORM_COOKIE);
  const nonce = known ?? parts.randomBytes(32).toString('base64url');
  if (known === undefined) context.header('set-cookie', setCookie(FORM_COOKIE, nonce), { append: true });
  return html`<input type="hidden" name="token" value="${parts.formTokens.tokenFor(nonce)}" />`;
}

export function hasNonce({ request }: ConsoleVisit, form: Form, { formTokens }: ConsoleParts): boolean {
  return formTokens.isTokenFor(form['token'] ?? '', cookieOf(request, FORM_COOKIE) ?? '');
}
