import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCheckRequest } from './check-request.ts';
import { encodeDenied, encodeOk } from './check-response.ts';
import { checkMethod } from './check-method.ts';

const RUNS = { numRuns: 10_000 };
const stock = checkMethod({ defaults: true });

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const name = fc.stringMatching(/^[ABcd_19-]{1,12}$/);
const rawHeader = fc.record({ key: name, raw_value: fc.uint8Array({ maxLength: 30 }) });
const http = fc.record(
  {
    id: text,
    method: text,
    path: text,
    host: text,
    scheme: text,
    headers: fc.dictionary(name, text, { maxKeys: 4, noNullPrototype: true }),
    header_map: fc.record({ headers: fc.array(rawHeader, { maxLength: 5 }) }),
  },
  { requiredKeys: [] },
);
const peer = fc.record({
  address: fc.record({ socket_address: fc.record({ address: text, port_value: fc.nat() }) }),
});
const context_extensions = fc.dictionary(
  fc.oneof(fc.constantFrom('endpoint', 'bootstrap', 'upstream', 'Endpoint', ''), name),
  text,
  { maxKeys: 5, noNullPrototype: true },
);
const request = fc.record({
  attributes: fc.record(
    { source: peer, request: fc.record({ http }), context_extensions },
    { requiredKeys: ['source', 'request'] },
  ),
});

interface StockRequest {
  attributes: {
    source: { address: { socket_address: { address: string } } };
    request: { http: StockHttp };
    context_extensions: Readonly<Record<string, string>>;
  };
}
interface StockHttp {
  method: string;
  path: string;
  host: string;
  headers: Record<string, string>;
  header_map: { headers: { key: string; raw_value: Uint8Array }[] } | null;
}

/** What the stock deserialiser makes of the same bytes, in our words. */
function expected(bytes: Buffer) {
  const {
    source,
    request,
    context_extensions: route,
  } = (stock.requestDeserialize(bytes) as StockRequest).attributes;
  const { method, path, host, headers, header_map } = request.http;
  const raw = (header_map?.headers ?? []).map(({ key, raw_value }) => [
    key.toLowerCase(),
    Buffer.from(raw_value).toString('latin1'),
  ]);
  const plain = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]);
  const peerAddress = source.address.socket_address.address;
  const { endpoint = '', bootstrap = '', upstream = '' } = route;
  const headerFields = raw.length > 0 ? raw : plain;
  return { method, path, host, peerAddress, headers: headerFields, endpoint, bootstrap, upstream };
}

test('a check is decoded as the stock deserializer does', () => {
  fc.assert(
    fc.property(request, (message) => {
      const bytes = stock.requestSerialize(message);
      expect(decodeCheckRequest(bytes)).toEqual(expected(bytes));
    }),
    RUNS,
  );
});

/** A field that we do not know, of each wire type but the deprecated groups. */
const unknownField = fc.oneof(
  fc.tuple(fc.constant(0), fc.constant([0x96, 0x01])),
  fc.tuple(fc.constant(1), fc.constant([1, 2, 3, 4, 5, 6, 7, 8])),
  fc.tuple(fc.constant(2), fc.constant([3, 0x61, 0x62, 0x63])),
  fc.tuple(fc.constant(5), fc.constant([1, 2, 3, 4])),
);

test('the last value of a duplicated key wins', () => {
  const check = (endpoint: string): Buffer =>
    stock.requestSerialize({ attributes: { context_extensions: { endpoint } } });
  // Two encoded messages one after the other are one message with the fields of both.
  const bytes = Buffer.concat([check('first'), check('last')]);
  expect(decodeCheckRequest(bytes)).toEqual({ ...decodeCheckRequest(check('last')), endpoint: 'last' });
});

test('unknown fields are ignored', () => {
  fc.assert(
    fc.property(request, fc.array(unknownField, { maxLength: 4 }), (message, unknown) => {
      const known = stock.requestSerialize(message);
      // Field 100: the tag is two bytes.
      const extra = unknown.flatMap(([wire, bytes]) => [0xa0 | wire, 0x06, ...bytes]);
      const bytes = Buffer.concat([Buffer.from(extra), known, Buffer.from(extra)]);
      expect(decodeCheckRequest(bytes)).toEqual(decodeCheckRequest(known));
    }),
    RUNS,
  );
});

test('invalid bytes are an error, never a wrong check or an endless loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(decodeCheckRequest(Buffer.from(bytes)).method).toBeTypeOf('string');
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    RUNS,
  );
});

test('a truncated check is an error', () => {
  const bytes = stock.requestSerialize({
    attributes: { request: { http: { method: 'GET', path: '/queue' } } },
  });
  for (let length = 1; length < bytes.length; length++) {
    expect(() => decodeCheckRequest(bytes.subarray(0, length))).toThrow();
  }
});

const pair = fc.tuple(name, text);
const pairs = fc.array(pair, { maxLength: 4 });
const option = ([key, value]: readonly [string, string]) => ({ header: { key, value }, append_action: 2 });
const parameter = ([key, value]: readonly [string, string]) => ({ key, value });
const struct = (metadata: readonly (readonly [string, string])[]) => ({
  fields: Object.fromEntries(metadata.map(([key, stringValue]) => [key, { stringValue }])),
});
const NO_STORE = option(['cache-control', 'no-store']);
const cookieAdded = (value: string) => [{ header: { key: 'set-cookie', value } }, NO_STORE];
const names = fc.array(name, { maxLength: 3 });
const unique = fc.uniqueArray(pair, { maxLength: 3, selector: ([key]) => key });

test('an OK response is what the stock serializer writes', () => {
  const answer = fc.record({
    headers: pairs,
    remove: names,
    setQuery: pairs,
    removeQuery: names,
    metadata: unique,
    setCookie: fc.option(text, { nil: undefined }),
  });
  fc.assert(
    fc.property(answer, (ok) => {
      const message = {
        status: { code: 0 },
        ok_response: {
          headers: ok.headers.map(option),
          headers_to_remove: ok.remove,
          response_headers_to_add: ok.setCookie === undefined ? [] : cookieAdded(ok.setCookie),
          query_parameters_to_set: ok.setQuery.map(parameter),
          query_parameters_to_remove: ok.removeQuery,
        },
        dynamic_metadata: struct(ok.metadata),
      };
      const read = stock.responseDeserialize(Buffer.from(encodeOk(ok)));
      expect(read).toEqual(stock.responseDeserialize(stock.responseSerialize(message)));
    }),
    RUNS,
  );
});

test('a denied response is what the stock serializer writes', () => {
  const answer = fc.record({
    status: fc.constantFrom(401, 403, 421, 429, 503),
    headers: pairs,
    body: text,
    metadata: unique,
  });
  fc.assert(
    fc.property(answer, (denied) => {
      const message = {
        status: { code: 7 },
        denied_response: {
          status: { code: denied.status },
          headers: denied.headers.map(option),
          body: denied.body,
        },
        dynamic_metadata: struct(denied.metadata),
      };
      const read = stock.responseDeserialize(Buffer.from(encodeDenied(denied)));
      expect(read).toEqual(stock.responseDeserialize(stock.responseSerialize(message)));
    }),
    RUNS,
  );
});
