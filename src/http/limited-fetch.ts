import { readLimited } from './read-limited.ts';
import { withDeadline } from './with-deadline.ts';

export interface FetchLimits {
  readonly timeoutMs: number;
  /** Of the body. */
  readonly maxBytes: number;
  /** For tests. */
  readonly fetch?: typeof fetch;
  /** Ends the request early. */
  readonly signal?: AbortSignal;
}

/** A response whose body was read. */
export interface LimitedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Fetches without following redirects, and reads the whole body. @throws Error if a limit is exceeded */
export function limitedFetch(
  url: URL,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'>,
  { timeoutMs, maxBytes, fetch = globalThis.fetch, ...stop }: FetchLimits,
): Promise<LimitedResponse> {
  return withDeadline(timeoutMs, async (deadline) => {
    const signal = stop.signal === undefined ? deadline : AbortSignal.any([stop.signal, deadline]);
    const response = await fetch(url, { ...init, redirect: 'error', signal });
    const { status, headers } = response;
    return { status, headers, text: await readLimited(response, maxBytes) };
  });
}
