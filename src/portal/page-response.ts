import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Language } from '../pages/language.ts';
import { PAGE_CSS, PAGE_END, pageStart, type Site } from '../pages/page.ts';

/** What `html` makes: text in which all values are escaped. */
export type Html = ReturnType<typeof html>;

const CSS = `\
form{margin:16px 0 0}
label{display:block;margin:12px 0 4px;font-weight:600}
input{box-sizing:border-box;width:100%;padding:10px;font:inherit;color:inherit;background:var(--back);border:1px solid var(--soft);border-radius:8px}
button,.button{display:inline-block;margin:16px 8px 0 0;padding:10px 20px;font:inherit;font-weight:600;color:#fff;background:#1a56a8;border:1px solid #1a56a8;border-radius:8px;text-decoration:none;cursor:pointer}
button.other,.button.other{color:var(--text);background:none;border-color:var(--soft)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.error{margin:0 0 8px;padding:8px 12px;color:var(--bad);border:1px solid var(--bad);border-radius:8px}
.notice{margin:20px 0 0;color:var(--soft);white-space:pre-line}
table{border-collapse:collapse;width:100%;margin:8px 0;font-size:15px}
th,td{padding:4px 8px 4px 0;text-align:left;vertical-align:middle}
td form{margin:0}
td button{margin:0;padding:4px 10px;white-space:nowrap}
.token{display:block;padding:10px;border:1px solid var(--soft);border-radius:8px;overflow-wrap:anywhere;user-select:all}
dt{color:var(--soft);font-size:14px}
dd{margin:0 0 8px}`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const POLICY =
  `default-src 'none'; style-src ${hashOf(PAGE_CSS)} ${hashOf(CSS)}; form-action 'self'; frame-ancestors 'none'; ` +
  "base-uri 'none'";

/** For every response of the portal. `same-origin`: with `no-referrer`, browsers send `Origin: null` with forms. */
export const PORTAL_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** A page with the look of all pages. */
export async function pageResponse(
  context: Context,
  content: Html,
  { site, language, status = 200 }: { site: Site; language: Language; status?: ContentfulStatusCode },
): Promise<Response> {
  const start = pageStart(site, language).replace('</head>', `<style>${CSS}</style></head>`);
  const main = await html`<main>${content}${noticeOf(site)}</main>`;
  return context.html(start + main.toString() + PAGE_END, status);
}

function noticeOf({ notice }: Site): Html {
  return notice === undefined ? raw('') : html`<p class="notice">${notice}</p>`;
}
