import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PAGE_CSS, PAGE_END, pageStart } from '../pages/page.ts';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleVisit } from './visit.ts';

const CSS = `\
body{padding-top:24px}
main{max-width:60em}
nav{max-width:60em;margin:0 auto 16px;display:flex;flex-wrap:wrap;gap:8px 20px;align-items:center}
nav form{margin:0 0 0 auto}
nav [aria-current]{font-weight:600;color:var(--text)}
h2{margin:28px 0 8px;font-size:19px}
form{margin:8px 0}
label,legend{display:block;margin:12px 0 4px;font-weight:600}
fieldset{margin:12px 0;padding:0 12px 12px;border:1px solid var(--line);border-radius:8px}
fieldset label{font-weight:400}
input:not([type=radio]):not([type=checkbox]),select,textarea{box-sizing:border-box;width:100%;padding:10px;font:inherit;color:inherit;background:var(--back);border:1px solid var(--soft);border-radius:8px}
textarea{min-height:9em;font-family:ui-monospace,monospace;font-size:14px}
button,.button{display:inline-block;margin:12px 8px 0 0;padding:8px 18px;font:inherit;font-weight:600;color:#fff;background:#1a56a8;border:1px solid #1a56a8;border-radius:8px;text-decoration:none;cursor:pointer}
button.other{color:var(--text);background:none;border-color:var(--soft)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.error,.done,.note{margin:0 0 12px;padding:8px 12px;border:1px solid var(--soft);border-radius:8px}
.error{color:var(--bad);border-color:var(--bad)}
.done{color:var(--good);border-color:var(--good)}
.soft{color:var(--soft);font-size:14px}
table{border-collapse:collapse;width:100%;margin:8px 0;font-size:15px}
th,td{padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
h3{margin:16px 0 4px;font-size:16px}
.good{color:var(--good)}
.bad{color:var(--bad)}
figure{margin:8px 0}
svg{display:block;width:100%;height:100px}
rect.allowed{fill:var(--good)}
rect.refused{fill:var(--bad)}
svg line{stroke:var(--soft)}
meter{width:100%}
td form{margin:0}
td button{margin:0 0 4px;padding:4px 10px}
pre{margin:8px 0;padding:12px;border:1px solid var(--line);border-radius:8px;font-size:14px;white-space:pre-wrap}
ins{color:var(--good);text-decoration:none}
del{color:var(--bad);text-decoration:none}`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** No script at all, and nothing from elsewhere. `same-origin`: with `no-referrer`, browsers send `Origin: null` with forms. */
export const CONSOLE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src ${hashOf(PAGE_CSS)} ${hashOf(CSS)}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

export interface PageOptions {
  readonly title: string;
  readonly status?: ContentfulStatusCode;
  /** The command that does the same. */
  readonly command?: string;
}

/** The pages in the navigation, the first of which is the start page. */
const SECTIONS = ['endpoints', 'deploy', 'verify', 'history', 'status', 'people', 'audit'] as const;

function navigation({ texts, user, request, formToken }: ConsoleVisit): Html {
  if (user === undefined) return raw('');
  const path = request.path.split('?')[0] ?? '';
  const link = (to: string, name: string): Html =>
    path.startsWith(to)
      ? html`<a href="${to}" aria-current="page">${name}</a>`
      : html`<a href="${to}">${name}</a>`;
  return html`<nav aria-label="${texts.console}">
    ${SECTIONS.map((name) => link(`/console/${name}`, texts.sections[name]))}
    <form method="post" action="/console/sign-out">
      <input type="hidden" name="token" value="${formToken}" />
      <span class="soft">${user.name} · ${texts.roles[user.role]}</span>
      <button class="other" type="submit">${texts.signOut}</button>
    </form>
  </nav>`;
}

/** A page of the console. All values in `content` are escaped. */
export async function showPage(
  context: Context,
  visit: ConsoleVisit,
  { title, status = 200, content, command }: PageOptions & { readonly content: Html },
): Promise<Response> {
  const head = pageStart({ title: `${title} · comfy-tenant` }, visit.language).replace(
    '</head>',
    `<style>${CSS}</style></head>`,
  );
  const body = await html`${navigation(visit)}
    <main>
      <h1>${title}</h1>
      ${content}
      ${command === undefined ? raw('') : html`<p class="soft">${visit.texts.command} <code>${command}</code></p>`}
    </main>`;
  return context.html(head + body.toString() + PAGE_END, status);
}

/** A form whose answer changes something. */
export function changeForm(visit: ConsoleVisit, action: string, fields: Html): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="token" value="${visit.formToken}" />
    ${fields}
  </form>`;
}

interface Field {
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly type?: 'text' | 'password' | 'url';
  readonly autocomplete?: string;
  readonly optional?: boolean;
}

/** A labelled text field. Its name must be unique on the page within `scope`. */
export function field({ name, label, value = '', ...more }: Field, scope = 'f'): Html {
  const id = `${scope}-${name}`;
  const required = more.optional === true ? raw('') : raw(' required');
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      type="${more.type ?? 'text'}"
      value="${value}"
      autocomplete="${more.autocomplete ?? 'off'}"
      ${required}
    />`;
}

interface Choice {
  readonly name: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: string | undefined;
}

/** Radio buttons, to be put in a fieldset. */
export function radios({ name, options, chosen }: Choice): Html {
  return html`${options.map(
    ({ value, label }) =>
      html`<label>
        <input type="radio" name="${name}" value="${value}" ${value === chosen ? raw(' checked') : ''} />
        ${label}
      </label>`,
  )}`;
}

/** A labelled choice of one of several values. */
export function select(
  { name, label, options, chosen }: Choice & { readonly label: string },
  scope: string,
): Html {
  const id = `${scope}-${name}`;
  return html`<label for="${id}">${label}</label>
    <select id="${id}" name="${name}">
      ${options.map(
        (one) =>
          html`<option value="${one.value}" ${one.value === chosen ? raw(' selected') : ''}>
            ${one.label}
          </option>`,
      )}
    </select>`;
}

/** A labelled text of several lines. */
export function textArea(
  { name, label, value = '' }: Pick<Field, 'name' | 'label' | 'value'>,
  scope: string,
): Html {
  const id = `${scope}-${name}`;
  return html`<label for="${id}">${label}</label>
    <textarea id="${id}" name="${name}" autocomplete="off" spellcheck="false">${value}</textarea>`;
}
