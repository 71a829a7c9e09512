import type { Context, Hono } from 'hono';
import { html, raw } from 'hono/html';
import { makeHash, passwordFault } from '../basic/make-hash.ts';
import { readForm } from '../portal/read-form.ts';
import { isAccountName } from './accounts-codec.ts';
import type { ConsoleParts } from './console-context.ts';
import { hasNonce, nonceField } from './form-nonce.ts';
import { field, showPage } from './page.ts';
import { textsOf, visitFor, type Form } from './pages.ts';
import { startSession } from './sign-in-routes.ts';
import type { ConsoleTexts } from './texts.ts';
import type { ConsoleVisit } from './visit.ts';

const COMMAND = 'comfy-tenant console link';
const LEAST_CHARACTERS = 12;

function faultOf(form: Form, texts: ConsoleTexts): string | undefined {
  const { name = '', password = '' } = form;
  if (!isAccountName(name)) return texts.badName;
  const isShort = password.length < LEAST_CHARACTERS;
  return isShort || passwordFault(password, { kind: 'argon2id' }) !== undefined
    ? texts.badPassword
    : undefined;
}

/** Where someone with a one-time link chooses a name and a password. Opening the link does not use it up; sending the form does. */
export function setupRoutes(app: Hono, parts: ConsoleParts): void {
  function noLink(context: Context, visit: ConsoleVisit): Promise<Response> {
    const content = html`<p class="error" role="alert">${visit.texts.noLink}</p>
      <pre><code>${COMMAND}</code></pre>`;
    parts.audit({ event: 'console-refused', reason: 'link', address: visit.request.peerAddress });
    return showPage(context, visit, { title: visit.texts.setup, status: 403, content });
  }

  function show(
    context: Context,
    visit: ConsoleVisit,
    { secret, name, problem }: { secret: string; name: string; problem?: string },
  ): Promise<Response> {
    const { texts } = visit;
    const error = problem === undefined ? raw('') : html`<p class="error" role="alert">${problem}</p>`;
    const content = html`${error}
      <p>${texts.setupNote}</p>
      <form method="post" action="/console/setup">
        ${nonceField(context, visit, parts)}
        <input type="hidden" name="link" value="${secret}" />
        ${field({ name: 'name', label: texts.name, value: name, autocomplete: 'username' })}
        ${field({ name: 'password', label: texts.password, type: 'password', autocomplete: 'new-password' })}
        <button type="submit">${texts.createAccount}</button>
      </form>`;
    return showPage(context, visit, {
      title: texts.setup,
      status: problem === undefined ? 200 : 400,
      content,
    });
  }

  app.get('/setup', (context) => {
    const visit = { ...visitFor(context, parts), user: undefined };
    const secret = context.req.query('link') ?? '';
    const link = parts.accounts.findLink(secret);
    return link === undefined
      ? noLink(context, visit)
      : show(context, visit, { secret, name: link.account ?? '' });
  });

  app.post('/setup', async (context) => {
    const visit = { ...visitFor(context, parts), user: undefined };
    const { texts, request } = visit;
    const form = textsOf(await readForm(context));
    const { link: secret = '', name = '', password = '' } = form;
    if (parts.accounts.findLink(secret) === undefined) return noLink(context, visit);
    const problem = hasNonce(visit, form, parts) ? faultOf(form, texts) : texts.expiredForm;
    if (problem !== undefined) return show(context, visit, { secret, name, problem });
    const hash = await parts.hashing.run(() => makeHash(password, 'argon2id'));
    if (hash === undefined) return show(context, visit, { secret, name, problem: texts.busy });
    const result = await parts.accounts.redeem(secret, { name, password: hash });
    if (result.kind !== 'done')
      return result.kind === 'no-link'
        ? noLink(context, visit)
        : show(context, visit, { secret, name, problem: texts.nameTaken });
    const { role } = result.account;
    parts.audit({ event: 'console-account-set', user: name, role, address: request.peerAddress });
    return startSession(context, visit, { parts, name });
  });
}
