import type { HeaderField } from '../../src/http/request-head.ts';
import { upstreamDigest } from '../../src/envoy/digests.ts';
import { checkMethod } from '../../src/ext-authz/check-method.ts';

const stock = checkMethod({ defaults: true, arrays: true, oneofs: true });

export interface CheckParts {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly peer?: string;
  /** What the route of Envoy says; an empty text says nothing. */
  readonly endpoint?: string;
  readonly upstream?: string;
  readonly bootstrap?: string;
}

/** Where requests go unless a test says otherwise. */
export const UPSTREAM = upstreamDigest({ upstream: ['http://127.0.0.1:8188'] });

function extensions({ endpoint = 'studio', upstream = UPSTREAM, bootstrap = '' }: CheckParts): object {
  const all = Object.entries({ endpoint, upstream, bootstrap });
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}

/** A check as Envoy writes it with `encode_raw_headers`. */
export function aCheck(headers: readonly HeaderField[] = [], parts: CheckParts = {}): Buffer {
  const { method = 'GET', path = '/queue', host = 'comfy.example.com', peer = '192.0.2.7' } = parts;
  const header_map = { headers: headers.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })) };
  return stock.requestSerialize({
    attributes: {
      source: { address: { socket_address: { address: peer } } },
      request: { http: { method, path, host, header_map } },
      context_extensions: extensions(parts),
    },
  });
}

/** A `CheckResponse`, read by the stock deserialiser. */
export interface Answer {
  readonly http_response: 'ok_response' | 'denied_response';
  /** 0 lets the request go on. */
  readonly code: number;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
  readonly setQuery: Readonly<Record<string, string>>;
  readonly removeQuery: readonly string[];
  readonly body: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What Envoy adds to the response. */
  readonly setCookie?: string | undefined;
}

interface Pair {
  readonly key: string;
  readonly value: string;
}
interface Stock {
  http_response: Answer['http_response'];
  status: { code: number } | null;
  denied_response: { status: { code: number }; headers: { header: Pair }[]; body: string } | undefined;
  ok_response:
    | {
        headers: { header: Pair }[];
        headers_to_remove: string[];
        response_headers_to_add?: { header: Pair }[];
        query_parameters_to_set: Pair[];
        query_parameters_to_remove: string[];
      }
    | undefined;
  dynamic_metadata: { fields: Record<string, { stringValue: string }> } | null;
}

function record(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

const NO_OK = {
  headers: [],
  headers_to_remove: [],
  query_parameters_to_set: [],
  query_parameters_to_remove: [],
} satisfies Stock['ok_response'];

function readMetadata({ dynamic_metadata }: Stock): Record<string, string> {
  const fields = Object.entries(dynamic_metadata?.fields ?? {});
  return Object.fromEntries(fields.map(([name, { stringValue }]) => [name, stringValue]));
}

export function readAnswer(bytes: Uint8Array): Answer {
  const answer = stock.responseDeserialize(Buffer.from(bytes)) as Stock;
  const { denied_response: denied, http_response } = answer;
  const ok: NonNullable<Stock['ok_response']> = answer.ok_response ?? NO_OK;
  const headers = denied === undefined ? ok.headers : denied.headers;
  return {
    http_response,
    code: answer.status?.code ?? -1,
    status: denied?.status.code,
    headers: record(headers.map(({ header }) => header)),
    remove: ok.headers_to_remove,
    setQuery: record(ok.query_parameters_to_set),
    removeQuery: ok.query_parameters_to_remove,
    body: denied?.body ?? '',
    metadata: readMetadata(answer),
    setCookie: ok.response_headers_to_add?.find(({ header }) => header.key === 'set-cookie')?.header.value,
  };
}
