import { lookup } from 'node:dns/promises';
import { bareHost } from '../http/host-port.ts';
import { readLimited } from '../http/read-limited.ts';
import { withDeadline } from '../http/with-deadline.ts';
import { isMetadataAddress } from './metadata-address.ts';

export interface FetchOptions {
  readonly fetch: typeof fetch;
  /** Also allow http URLs. */
  readonly allowHttp: boolean;
}

export interface GuardedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
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

/**
 * A request to an issuer: https only unless allowed, no redirects, no metadata address, 5 s, 512 KiB.
 *
 * @throws Error with the reason, without the URL
 */
export async function guardedFetch(
  url: URL,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'>,
  options: FetchOptions,
): Promise<GuardedResponse> {
  if (url.protocol !== 'https:' && !(options.allowHttp && url.protocol === 'http:')) {
    throw new Error('must be https, or set allowHttp: true');
  }
  return withDeadline(TIMEOUT_MS, async (signal) => {
    await refuseMetadata(url);
    const response = await options.fetch(url, { ...init, redirect: 'error', signal });
    return {
      status: response.status,
      headers: response.headers,
      text: await readLimited(response, MAX_BYTES),
    };
  });
}
