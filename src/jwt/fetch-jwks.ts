import { lookup } from 'node:dns/promises';
import { withDeadline } from '../http/with-deadline.ts';
import { explainError } from '../errors/explain-error.ts';
import { isMetadataAddress } from './metadata-address.ts';

export interface FetchOptions {
  readonly fetch: typeof fetch;
  /** Fetch over http too. */
  readonly allowHttp: boolean;
}

export interface FetchedJson {
  readonly json: unknown;
  /** From `Cache-Control: max-age`; undefined when the answer does not say. */
  readonly maxAgeMs: number | undefined;
}

const TIMEOUT_MS = 5000;
const MAX_BYTES = 512 * 1024;

async function refuseMetadata(url: URL): Promise<void> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = await lookup(host, { all: true });
  if (addresses.some(({ address }) => isMetadataAddress(address))) {
    throw new Error(`${url.origin} is a metadata address: keys are never fetched from there`);
  }
}

/** A URL as messages show it: without user, password and query, which may hold a key of the issuer. */
export function shownUrl(address: string | URL): string {
  const url = new URL(address);
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

async function readLimited(response: Response, url: URL): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > MAX_BYTES) throw new Error(`${shownUrl(url)} answers more than ${MAX_BYTES / 1024} KiB`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function maxAge(response: Response): number | undefined {
  const seconds = /(?:^|[,\s])max-age=([0-9]{1,9})/i.exec(response.headers.get('cache-control') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/**
 * Fetches a JSON document: https only unless allowed, no redirects, no metadata address, 5 s, 512 KiB.
 *
 * @throws Error that names the URL and what was wrong
 */
export async function fetchJson(address: string, options: FetchOptions): Promise<FetchedJson> {
  const url = new URL(address);
  if (url.protocol !== 'https:' && !(options.allowHttp && url.protocol === 'http:')) {
    throw new Error(`${shownUrl(url)}: must be https, or say allowHttp: true`);
  }
  try {
    return await withDeadline(TIMEOUT_MS, async (signal) => {
      await refuseMetadata(url);
      const response = await options.fetch(url, {
        redirect: 'error',
        signal,
        headers: { accept: 'application/jwk-set+json, application/json' },
      });
      if (response.status !== 200) throw new Error(`answered ${response.status}`);
      return { json: JSON.parse(await readLimited(response, url)) as unknown, maxAgeMs: maxAge(response) };
    });
  } catch (error) {
    throw new Error(`${shownUrl(url)}: ${explainError(error)}`, { cause: error });
  }
}
