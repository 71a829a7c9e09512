import { lookup } from 'node:dns/promises';
import { bareHost } from '../http/host-port.ts';
import { readLimited } from '../http/read-limited.ts';
import { withDeadline } from '../http/with-deadline.ts';
import { explainError } from '../errors/explain-error.ts';
import { isMetadataAddress } from './metadata-address.ts';

export interface FetchOptions {
  readonly fetch: typeof fetch;
  /** Also allow http URLs. */
  readonly allowHttp: boolean;
}

export interface FetchedJson {
  readonly json: unknown;
  /** From `Cache-Control: max-age`; undefined without it. In milliseconds. */
  readonly maxAgeMs: number | undefined;
}

const TIMEOUT_MS = 5000;
const MAX_BYTES = 512 * 1024;

async function refuseMetadata(url: URL): Promise<void> {
  const host = bareHost(url.hostname);
  const addresses = await lookup(host, { all: true });
  if (addresses.some(({ address }) => isMetadataAddress(address))) {
    throw new Error(`${url.origin} is a cloud metadata address: keys are never fetched from there`);
  }
}

/** A URL for messages, without user, password and query, which may contain an API key. */
export function shownUrl(address: string | URL): string {
  const url = new URL(address);
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

function maxAge(response: Response): number | undefined {
  const seconds = /(?:^|[,\s])max-age=([0-9]{1,9})/i.exec(response.headers.get('cache-control') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/**
 * Fetches a JSON document: https only unless allowed, no redirects, no metadata address, 5 s, 512 KiB.
 *
 * @throws Error with the URL and the reason
 */
export async function fetchJson(address: string, options: FetchOptions): Promise<FetchedJson> {
  const url = new URL(address);
  if (url.protocol !== 'https:' && !(options.allowHttp && url.protocol === 'http:')) {
    throw new Error(`${shownUrl(url)}: must be https, or set allowHttp: true`);
  }
  try {
    return await withDeadline(TIMEOUT_MS, async (signal) => {
      await refuseMetadata(url);
      const response = await options.fetch(url, {
        redirect: 'error',
        signal,
        headers: { accept: 'application/jwk-set+json, application/json' },
      });
      if (response.status !== 200) throw new Error(`responded with status ${response.status}`);
      return {
        json: JSON.parse(await readLimited(response, MAX_BYTES)) as unknown,
        maxAgeMs: maxAge(response),
      };
    });
  } catch (error) {
    throw new Error(`${shownUrl(url)}: ${explainError(error)}`, { cause: error });
  }
}
