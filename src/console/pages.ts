import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { languageOf } from '../pages/language.ts';
import { readForm } from '../portal/read-form.ts';
import { requestOf } from '../portal/visit.ts';
import { cookieOf, SESSION_COOKIE } from './console-cookies.ts';
import type { ConsoleParts } from './console-context.ts';
import { showPage, type PageOptions } from './page.ts';
import { CONSOLE_TEXTS } from './texts.ts';
import type { ConsoleVisit } from './visit.ts';

/** A request's form; only texts. */
export type Form = Readonly<Record<string, string>>;

type Show = (visit: ConsoleVisit, context: Context) => Promise<Response>;

/** Registers pages: anyone who is not signed in is sent to the sign-in page. */
export interface Pages {
  get(path: string, show: Show): void;
  /** What a page loads by itself, which does not keep the session open. */
  getQuietly(path: string, show: Show): void;
  /** Administrators only, with the form's token. */
  post(path: string, change: (visit: ConsoleVisit, form: Form, context: Context) => Promise<Response>): void;
}

export function textsOf(fields: Readonly<Record<string, unknown>>): Form {
  const texts = Object.entries(fields).filter(([, value]) => typeof value === 'string');
  return Object.assign(Object.create(null) as Form, Object.fromEntries(texts) as Form);
}

/** What every request gets before a page sees it. */
export function visitFor(
  context: Context,
  { sessions, formTokens }: ConsoleParts,
  isUse = true,
): ConsoleVisit {
  const request = requestOf(context);
  const language = languageOf(context.req.header('accept-language'));
  const cookie = cookieOf(request, SESSION_COOKIE) ?? '';
  const user = cookie === '' ? undefined : isUse ? sessions.find(cookie) : sessions.peek(cookie);
  const formToken = user === undefined ? '' : formTokens.tokenFor(cookie);
  return { request, language, texts: CONSOLE_TEXTS[language], user, cookie, formToken };
}

/** A page with one sentence. */
export function showMessage(
  context: Context,
  visit: ConsoleVisit,
  { message, ...page }: PageOptions & { readonly message: string },
): Promise<Response> {
  const content = html`<p class="error" role="alert">${message}</p>
    <p><a href="/console/endpoints">${visit.texts.back}</a></p>`;
  return showPage(context, visit, { ...page, content });
}

/** Registers pages of an app. */
export function pagesOf(app: Hono, parts: ConsoleParts): Pages {
  const get = (path: string, show: Show, isUse: boolean): void => {
    app.get(path, async (context) => {
      const visit = visitFor(context, parts, isUse);
      return visit.user === undefined ? context.redirect('/console/sign-in', 303) : show(visit, context);
    });
  };
  return {
    get(path, show) {
      get(path, show, true);
    },
    getQuietly(path, show) {
      get(path, show, false);
    },
    post(path, change) {
      app.post(path, async (context) => {
        const visit = visitFor(context, parts);
        const { texts, user, cookie, request } = visit;
        if (user === undefined) return context.redirect('/console/sign-in', 303);
        const form = textsOf(await readForm(context));
        const refuse = (message: string, reason: string): Promise<Response> => {
          parts.audit({ event: 'console-refused', user: user.name, reason, address: request.peerAddress });
          return showMessage(context, visit, { title: texts.console, status: 403, message });
        };
        if (!parts.formTokens.isTokenFor(form['token'] ?? '', cookie))
          return refuse(texts.expiredForm, 'form-token');
        if (user.role !== 'administrator') return refuse(texts.forbidden, 'role');
        return change(visit, form, context);
      });
    },
  };
}
