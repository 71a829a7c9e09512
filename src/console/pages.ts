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

/** Registers pages: anyone who is not signed in is sent to the sign-in page. */
export interface Pages {
  get(path: string, show: (visit: ConsoleVisit, context: Context) => Promise<Response>): void;
  /** Administrators only, with the form's token. */
  post(path: string, change: (visit: ConsoleVisit, form: Form, context: Context) => Promise<Response>): void;
}

export function textsOf(fields: Readonly<Record<string, unknown>>): Form {
  const texts = Object.entries(fields).filter(([, value]) => typeof value === 'string');
  return Object.assign(Object.create(null) as Form, Object.fromEntries(texts) as Form);
}

/** What every request gets before a page sees it. */
export function visitFor(context: Context, { sessions, formTokens }: ConsoleParts): ConsoleVisit {
  const request = requestOf(context);
  const language = languageOf(context.req.header('accept-language'));
  const cookie = cookieOf(request, SESSION_COOKIE) ?? '';
  const user = cookie === '' ? undefined : sessions.find(cookie);
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
  return {
    get(path, show) {
      app.get(path, async (context) => {
        const visit = visitFor(context, parts);
        return visit.user === undefined ? context.redirect('/console/sign-in', 303) : show(visit, context);
      });
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
