import { errorContent, errorEnd, noticeHtml, RETRY_SECONDS } from '../pages/error-page.ts';
import { LANGUAGES, type Language } from '../pages/language.ts';
import { escapeHtml } from '../pages/html.ts';
import { NO_ACTIONS, pageStart, type Site } from '../pages/page.ts';
import type { ErrorKind } from '../pages/error-texts.ts';
import { METADATA } from './names.ts';

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

const literal = (html: string): string => html.replaceAll('%', '%%');
const ofHost = (key: string): string => `%METADATA(VIRTUAL_HOST:${METADATA}:${key})%`;

/** What Envoy inserts into a page, as HTML. */
interface Inserted {
  readonly title: string;
  readonly notice: string;
  readonly requestId: string;
}

/** From the request's virtual host (see `siteMetadata`), so that another title needs no new listener. */
const OF_HOST: Inserted = {
  title: ofHost('title'),
  notice: ofHost('notice'),
  requestId: '%REQ(X-REQUEST-ID)%',
};
/** For a request that has no virtual host yet. */
const BEFORE_ROUTING: Inserted = { title: 'ComfyUI', notice: '', requestId: '-' };

/** The frame of every page. */
function frame(language: Language, { title, ...end }: Inserted) {
  const [start, afterTitle] = literal(pageStart({ title: '\n' }, language, NO_ACTIONS)).split('\n');
  const html = `${start}${title}${afterTitle}%LOCAL_REPLY_BODY%${errorEnd(language, end)}`;
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

function frames(inserted: Inserted): Readonly<Record<Language, object>> {
  return { en: frame('en', inserted), zh: frame('zh', inserted) };
}

const NUMBERED = { filters: [ACCEPTS_HTML, HAS_REQUEST_ID], frames: frames(OF_HOST) };
const EARLY = { filters: [ACCEPTS_HTML], frames: frames(BEFORE_ROUTING) };

/** The pages for a cause: `body` has what differs between pages, the frame what they share. */
export function pageMappers({ filter, kind, retries = false, status }: Cause): object[] {
  return (kind === 'malformed' ? [NUMBERED, EARLY] : [NUMBERED]).flatMap((variant) =>
    LANGUAGES.toReversed().map((language) => ({
      filter: { and_filter: { filters: [filter, ...variant.filters, ...READS[language]] } },
      ...(status !== undefined && { status_code: status }),
      body: { inline_string: errorContent({ kind, language }) },
      body_format_override: variant.frames[language],
      ...(retries && { headers_to_add: REFRESH }),
    })),
  );
}

/** What the pages of a virtual host show. */
export function siteMetadata(site: Site) {
  const shown = { title: escapeHtml(site.title), notice: noticeHtml(site) };
  return { metadata: { filter_metadata: { [METADATA]: shown } } };
}
