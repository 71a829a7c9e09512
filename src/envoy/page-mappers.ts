import { errorContent, errorEnd, RETRY_SECONDS } from '../pages/error-page.ts';
import { LANGUAGES, type Language } from '../pages/language.ts';
import { pageStart, type Site } from '../pages/page.ts';
import type { ErrorKind } from '../pages/error-texts.ts';

/** A cause of an error by Envoy, and what clients get: a page or JSON. */
export interface Cause {
  readonly filter: object;
  readonly kind: ErrorKind;
  /** Without it, Envoy's own text. */
  readonly json?: { readonly code: string; readonly message: string };
  readonly retries?: boolean;
}

const REQUEST_ID = '%REQ(X-REQUEST-ID)%';
const literal = (html: string): string => html.replaceAll('%', '%%');

/** The frame of every page, in which Envoy inserts the content and the request id. */
function frame(site: Site) {
  const [beforeId = '', afterId = ''] = errorEnd(REQUEST_ID).split(REQUEST_ID);
  const html = `${literal(pageStart(site, 'en'))}%LOCAL_REPLY_BODY%${literal(beforeId)}${REQUEST_ID}${literal(afterId)}`;
  return { text_format_source: { inline_string: html }, content_type: 'text/html; charset=utf-8' };
}

function headerFilter(name: string, string_match: object) {
  return { header_filter: { header: { name, string_match } } };
}

const ACCEPTS_HTML = headerFilter('accept', { contains: 'text/html', ignore_case: true });

/** Chinese if it is the first language of the browser, else English. */
const READS: Readonly<Record<Language, readonly object[]>> = {
  zh: [headerFilter('accept-language', { prefix: 'zh', ignore_case: true })],
  en: [],
};

const REFRESH = [
  { header: { key: 'retry-after', value: '2' } },
  { header: { key: 'refresh', value: String(RETRY_SECONDS) } },
];

/** The pages for a cause: `body` has what differs between pages, the frame what they share. */
export function pageMappers(site: Site): (cause: Cause) => object[] {
  const shared = frame(site);
  return ({ filter, kind, retries = false }) =>
    LANGUAGES.toReversed().map((language) => ({
      filter: { and_filter: { filters: [filter, ACCEPTS_HTML, ...READS[language]] } },
      body: { inline_string: errorContent({ kind, language, site }) },
      body_format_override: shared,
      ...(retries && { headers_to_add: REFRESH }),
    }));
}
