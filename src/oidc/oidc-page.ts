import type { Context } from 'hono';
import { escapeHtml } from '../pages/html.ts';
import { languageOf, type Language } from '../pages/language.ts';
import { PAGE_END, pageStart, type Site } from '../pages/page.ts';
import { TEXTS } from './texts.ts';

export interface OidcPage {
  readonly status: 200 | 400 | 403 | 404 | 421 | 502 | 503;
  readonly title: string;
  readonly text: string;
  readonly links: readonly { readonly url: string; readonly label: string }[];
}

export function languageFor(context: Context): Language {
  return languageOf(context.req.header('accept-language'));
}

function requestId(context: Context, language: Language): string {
  const id = context.req.header('x-request-id');
  return id === undefined
    ? ''
    : `<p class="id">${TEXTS[language].requestId} <code>${escapeHtml(id)}</code></p>`;
}

/** A page with a heading, a text and links. The portal adds its headers. */
export function showPage(
  context: Context,
  { status, title, text, links }: OidcPage,
  site: Site,
): Response | Promise<Response> {
  const language = languageFor(context);
  const paragraphs = [text, ...(status === 200 ? [] : [site.notice ?? ''])].filter((one) => one !== '');
  const anchors = links.map(
    ({ url, label }) => `<p><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></p>`,
  );
  return context.html(
    `${pageStart(site, language)}<main lang="${language}"><h1>${escapeHtml(title)}</h1>\
${paragraphs.map((one) => `<p>${escapeHtml(one)}</p>`).join('')}${anchors.join('')}\
${status === 200 ? '' : requestId(context, language)}</main>${PAGE_END}`,
    status,
  );
}
