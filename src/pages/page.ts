import { createHash } from 'node:crypto';
import { escapeHtml } from './html.ts';
import type { Language } from './language.ts';

/** What operators configure under `portal` and every page shows. */
export interface Site {
  readonly title: string;
  /** Whom to ask; plain text. */
  readonly notice?: string | undefined;
}

/** The look of every page; `plugin/comfyui_tenant/pages.py` has the same. */
export const PAGE_CSS = [
  ':root{color-scheme:light dark;--back:#f4f5f7;--card:#fff;--text:#1c2026;--soft:#566070;--line:#d3d8e0;--good:#17693b;--bad:#b3261e;--link:#1a56a8}',
  '@media(prefers-color-scheme:dark){:root{--back:#15171b;--card:#1f2228;--text:#e8eaee;--soft:#a6afbd;--line:#3b414b;--good:#71d394;--bad:#ff8f85;--link:#8ab8ff}}',
  'body{margin:0;padding:8vh 16px 32px;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}',
  'main{box-sizing:border-box;max-width:36em;margin:auto;padding:24px;background:var(--card);border:1px solid var(--line);border-radius:12px}',
  'h1{margin:0 0 16px;font-size:24px;line-height:1.3}',
  'h2{margin:20px 0 4px;font-size:16px}',
  'p{margin:0 0 8px}',
  'a{color:var(--link)}',
  'ol{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 20px;padding:0;list-style:none}',
  'li{flex:1 1 8em;padding:8px 12px;border:1px solid var(--line);border-radius:8px}',
  'li b,li span{display:block}',
  'li span{font-size:14px;color:var(--soft)}',
  '.good span{color:var(--good)}',
  '.bad{border-color:var(--bad)}',
  '.bad span{color:var(--bad)}',
  '.id{margin:24px 0 0;font-size:14px;color:var(--soft)}',
].join('');

const CSS_HASH = createHash('sha256').update(PAGE_CSS).digest('base64');

/** For the head of a page that loads nothing, runs no script and has no form. */
export const NO_ACTIONS = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'sha256-${CSS_HASH}'; base-uri 'none'; form-action 'none'">`;

/** A page up to its content. @param head HTML for its head */
export function pageStart({ title }: Site, language: Language, head = ''): string {
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8">${head}\
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">\
<title>${escapeHtml(title)}</title><style>${PAGE_CSS}</style></head><body>`;
}

export const PAGE_END = '</body></html>\n';
