import { html, raw } from 'hono/html';
import type { PortalTexts } from './texts.ts';
import type { Html } from './page-response.ts';

export interface SignInPage {
  readonly texts: PortalTexts;
  readonly title: string;
  readonly next: string;
  readonly problem?: string | undefined;
  readonly message?: string | undefined;
  /** The form for passwords; undefined if the endpoint has none. */
  readonly form: { readonly token: string; readonly username: string } | undefined;
  readonly links: readonly { readonly url: string; readonly label: string }[];
}

function passwordForm({ texts, next, form, problem }: SignInPage): Html {
  if (form === undefined) return raw('');
  // The first field that has to be filled in.
  const focus = form.username === '' ? ['autofocus', ''] : ['', 'autofocus'];
  const state = problem === undefined ? '' : 'aria-describedby="problem"';
  return html`<form method="post" action="/_auth/sign-in">
    <input type="hidden" name="token" value="${form.token}" /><input
      type="hidden"
      name="next"
      value="${next}"
    />
    <label for="username">${texts.username}</label>
    <input
      id="username"
      name="username"
      value="${form.username}"
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      required
      maxlength="200"
      ${raw(focus[0] ?? '')}
      ${raw(state)}
    />
    <label for="password">${texts.password}</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="current-password"
      required
      maxlength="1024"
      ${raw(focus[1] ?? '')}
      ${raw(state)}
    />
    <button type="submit">${texts.signIn}</button>
  </form>`;
}

function withNext(url: string, next: string): string {
  if (!url.startsWith('/')) return url;
  return `${url}${url.includes('?') ? '&' : '?'}next=${encodeURIComponent(next)}`;
}

/** The content of the sign-in page. */
export function signInPage(page: SignInPage): Html {
  const { texts, title, problem, message, links, next, form } = page;
  const isEmpty = form === undefined && links.length === 0;
  return html`<h1>${title}</h1>
    ${message === undefined ? '' : html`<p role="status">${message}</p>`}
    ${problem === undefined ? '' : html`<p class="error" id="problem" role="alert">${problem}</p>`}
    ${passwordForm(page)}
    ${links.map(({ url, label }) => html`<p><a class="button" href="${withNext(url, next)}">${label}</a></p>`)}
    ${isEmpty ? html`<p>${texts.noSignIn}</p>` : ''}`;
}

/** What someone who is signed in sees instead. */
export function signedInPage({
  texts,
  title,
  user,
  next,
  remembered,
}: {
  readonly texts: PortalTexts;
  readonly title: string;
  readonly user: string;
  readonly next: string;
  /** Whether the browser sends a password by itself. */
  readonly remembered: boolean;
}): Html {
  return html`<h1>${title}</h1>
    <p role="status">${texts.signedInAs(user)}</p>
    ${remembered ? html`<p>${texts.remembered}</p>` : ''}
    <p><a class="button" href="${next}">${texts.continueText}</a></p>
    <form method="post" action="/_auth/sign-out">
      <button class="other" type="submit">${texts.switchAccount}</button>
    </form>`;
}
