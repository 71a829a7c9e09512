import type { Context, Hono } from 'hono';
import { html, raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { readForm } from '../portal/read-form.ts';
import { checkPassword } from './check-password.ts';
import { dropCookie, FORM_COOKIE, SESSION_COOKIE, setCookie } from './console-cookies.ts';
import type { ConsoleParts } from './console-context.ts';
import { hasNonce, nonceField } from './form-nonce.ts';
import { field, showPage } from './page.ts';
import { textsOf, visitFor } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

/** Printed where no one can sign in. */
const COMMAND = 'comfy-tenant console link';
const RETRY_SECONDS = 5;

interface Problem {
  readonly problem?: string;
  readonly status?: ContentfulStatusCode;
}

/** Ends the session that the browser had and starts one with a new cookie. */
export function startSession(
  context: Context,
  visit: ConsoleVisit,
  { parts: { sessions, audit, accounts }, name }: { parts: ConsoleParts; name: string },
): Response {
  const account = accounts.list().find((one) => one.name === name);
  if (account === undefined) return context.redirect('/console/sign-in', 303);
  if (visit.cookie !== '') sessions.end(visit.cookie);
  context.header('set-cookie', setCookie(SESSION_COOKIE, sessions.begin(account)), { append: true });
  context.header('set-cookie', dropCookie(FORM_COOKIE), { append: true });
  audit({ event: 'console-signed-in', user: name, role: account.role, address: visit.request.peerAddress });
  return context.redirect('/console/endpoints', 303);
}

export function signInRoutes(app: Hono, parts: ConsoleParts): void {
  async function show(context: Context, visit: ConsoleVisit, { problem, status = 200 }: Problem) {
    const { texts } = visit;
    const title = texts.signIn;
    if (!parts.accounts.list().some(({ role }) => role === 'administrator')) {
      const content = html`<p>${texts.noAccount}</p>
        <pre><code>${COMMAND}</code></pre>`;
      return showPage(context, visit, { title, content });
    }
    const error = problem === undefined ? raw('') : html`<p class="error" role="alert">${problem}</p>`;
    const content = html`${error}
      <form method="post" action="/console/sign-in">
        ${nonceField(context, visit, parts)}
        ${field({ name: 'name', label: texts.name, autocomplete: 'username' })}
        ${field({ name: 'password', label: texts.password, type: 'password', autocomplete: 'current-password' })}
        <button type="submit">${texts.signIn}</button>
      </form>`;
    return showPage(context, visit, { title, content, status });
  }

  app.get('/sign-in', (context) => show(context, { ...visitFor(context, parts), user: undefined }, {}));

  app.post('/sign-in', async (context) => {
    const visit = { ...visitFor(context, parts), user: undefined };
    const { texts, request } = visit;
    const form = textsOf(await readForm(context));
    if (!hasNonce(visit, form, parts))
      return show(context, visit, { problem: texts.expiredForm, status: 400 });
    const { name = '', password = '' } = form;
    const decision = await checkPassword(parts, { name, password }, request.peerAddress);
    if (decision.kind === 'allow') return startSession(context, visit, { parts, name });
    const seconds = decision.retryAfterSeconds ?? RETRY_SECONDS;
    if (decision.kind === 'unavailable') {
      context.header('retry-after', String(seconds));
      return show(context, visit, { problem: texts.busy, status: 503 });
    }
    const { reason } = decision;
    parts.audit({ event: 'console-refused', reason, address: request.peerAddress });
    if (reason !== 'too-many-failures') return show(context, visit, { problem: texts.wrong, status: 401 });
    context.header('retry-after', String(seconds));
    return show(context, visit, { problem: texts.wait.replace('{seconds}', String(seconds)), status: 429 });
  });

  app.post('/sign-out', async (context) => {
    const visit = visitFor(context, parts);
    const form = textsOf(await readForm(context));
    if (visit.user !== undefined && parts.formTokens.isTokenFor(form['token'] ?? '', visit.cookie)) {
      parts.sessions.end(visit.cookie);
      parts.audit({ event: 'console-signed-out', user: visit.user.name, address: visit.request.peerAddress });
      context.header('set-cookie', dropCookie(SESSION_COOKIE), { append: true });
    }
    return context.redirect('/console/sign-in', 303);
  });
}
