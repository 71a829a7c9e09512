import { explainError } from '../errors/explain-error.ts';
import { guardedFetch, type FetchOptions } from './guarded-fetch.ts';

export interface FetchedJson {
  readonly json: unknown;
  /** From `Cache-Control: max-age`; undefined without it. In milliseconds. */
  readonly maxAgeMs: number | undefined;
}

/** A URL for messages, without user, password and query, which may contain an API key. */
export function shownUrl(address: string | URL): string {
  const url = new URL(address);
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

function maxAge(headers: Headers): number | undefined {
  const seconds = /(?:^|[,\s])max-age=([0-9]{1,9})/i.exec(headers.get('cache-control') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/**
 * Fetches a JSON document, within the limits of `guardedFetch`.
 *
 * @throws Error with the URL and the reason
 */
export async function fetchJson(address: string, options: FetchOptions): Promise<FetchedJson> {
  const url = new URL(address);
  try {
    const headers = { accept: 'application/jwk-set+json, application/json' };
    const response = await guardedFetch(url, { headers }, options);
    if (response.status !== 200) throw new Error(`responded with status ${response.status}`);
    return { json: JSON.parse(response.text) as unknown, maxAgeMs: maxAge(response.headers) };
  } catch (error) {
    throw new Error(`${shownUrl(url)}: ${explainError(error)}`, { cause: error });
  }
}
