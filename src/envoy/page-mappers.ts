import { errorContent, errorEnd, RETRY_SECONDS } from '../pages/error-page.ts';
import { LANGUAGES, type Language } from '../pages/language.ts';
import { NO_ACTIONS, pageStart, type Site } from '../pages/page.ts';
import type { ErrorKind } from '../pages/error-texts.ts';

/** A cause of an error by Envoy, and what clients get: a page or JSON. */
export interface Cause {
  readonly filter: object;
  readonly kind: ErrorKind;
  /** Without it, Envoy's own text. */
  readonly json?: { readonly code: string; readonly message: string };
  readonly retries?: boolean;
  /** Replaces Envoy's own status. */
  readonly status?: number;
}

export function headerFilter(name: string, match: object) {
  return { header_filter: { header: { name, ...match } } };
}

const REQUEST_ID = '%REQ(X-REQUEST-ID)%';
const literal = (html: string): string => html.replaceAll('%', '%%');

/** The frame of every page, in which Envoy inserts the content and the request id. */
function frame(site: Site, requestId: string) {
  const html = `${literal(pageStart(site, 'en', NO_ACTIONS))}%LOCAL_REPLY_BODY%${errorEnd(requestId)}`;
  return { text_format_source: { inline_string: html }, content_type: 'text/html; charset=utf-8' };
}

const ACCEPTS_HTML = headerFilter('accept', { string_match: { contains: 'text/html', ignore_case: true } });

/**
 * Envoy's own request id, which is safe to show. Before a request is accepted, the header is still the client's, and it
 * could be HTML.
 */
const HAS_REQUEST_ID = headerFilter('x-request-id', {
  string_match: { safe_regex: { regex: '[0-9a-f-]{36}' } },
});

/** Chinese if it is the first language of the browser, else English. */
const READS: Readonly<Record<Language, readonly object[]>> = {
  zh: [headerFilter('accept-language', { string_match: { prefix: 'zh', ignore_case: true } })],
  en: [],
};

const REFRESH = [
  { header: { key: 'retry-after', value: '2' } },
  { header: { key: 'refresh', value: String(RETRY_SECONDS) } },
];

/** The pages for a cause: `body` has what differs between pages, the frame what they share. */
export function pageMappers(site: Site): (cause: Cause) => object[] {
  const numbered = { filters: [ACCEPTS_HTML, HAS_REQUEST_ID], frame: frame(site, REQUEST_ID) };
  const early = { filters: [ACCEPTS_HTML], frame: frame(site, '-') };
  return ({ filter, kind, retries = false, status }) =>
    (kind === 'malformed' ? [numbered, early] : [numbered]).flatMap((variant) =>
      LANGUAGES.toReversed().map((language) => ({
        filter: { and_filter: { filters: [filter, ...variant.filters, ...READS[language]] } },
        ...(status !== undefined && { status_code: status }),
        body: { inline_string: errorContent({ kind, language, site }) },
        body_format_override: variant.frame,
        ...(retries && { headers_to_add: REFRESH }),
      })),
    );
}
