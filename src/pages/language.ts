export const LANGUAGES = ['en', 'zh'] as const;

/** A language of the pages; `zh` is simplified Chinese. */
export type Language = (typeof LANGUAGES)[number];

/** The weight of one entry of `Accept-Language` (RFC 9110 §12.5.4), such as `zh-CN;q=0.8`. */
function weightOf(entry: string): number {
  const [, q = '1'] = /;\s*q=([0-9.]{1,5})\s*$/i.exec(entry) ?? [];
  return Number(q);
}

function weightFor(language: Language, entries: readonly string[]): number {
  const own = entries.filter((entry) => new RegExp(`^\\s*${language}(-|;|\\s|$)`, 'i').test(entry));
  return Math.max(0, ...own.map(weightOf));
}

/** The language that the reader prefers; English if it is unknown. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const entries = (acceptLanguage ?? '').slice(0, 200).split(',');
  return weightFor('zh', entries) > weightFor('en', entries) ? 'zh' : 'en';
}
