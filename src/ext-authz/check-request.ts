import protobuf from 'protobufjs/minimal.js';
import type { HeaderField, RequestHead } from '../http/request-head.ts';

type Reader = protobuf.Reader;

/** A request with the `context_extensions` of the route that Envoy chose; empty strings if missing. */
export interface RoutedRequest extends RequestHead {
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** Digest of the bootstrap that Envoy runs. */
  readonly bootstrap: string;
  /** Digest of the upstreams that the request goes to. */
  readonly upstream: string;
}

interface Fields {
  method: string;
  path: string;
  host: string;
  peerAddress: string;
  rawHeaders: HeaderField[];
  headers: HeaderField[];
  endpoint: string;
  bootstrap: string;
  upstream: string;
}

/** The wire tag of a length-delimited field (wire type 2): string, bytes or message. */
const tag = (field: number): number => (field << 3) | 2;

type ReadField<T> = (reader: Reader, tag: number, target: T) => void;

function readMessage<T>(reader: Reader, target: T, readField: ReadField<T>): void {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError('CheckRequest: truncated message');
  readFields(reader, end, { readField, target });
}

function readFields<T>(
  reader: Reader,
  end: number,
  { readField, target }: { readField: ReadField<T>; target: T },
): void {
  while (reader.pos < end) readField(reader, reader.uint32(), target);
  if (reader.pos !== end) throw new RangeError('CheckRequest: a field extends beyond its message');
}

/** Reads bytes as latin1, one character per byte, without allocating a view. */
function latin1(reader: Reader): string {
  const length = reader.uint32();
  const start = reader.pos;
  reader.skip(length);
  const { buf } = reader;
  const bytes = Buffer.isBuffer(buf) ? buf : Buffer.from(buf.buffer, buf.byteOffset, buf.length);
  return bytes.toString('latin1', start, start + length);
}

interface Header {
  name: string;
  value: string;
}

/** `config.core.v3.HeaderValue`, or an entry of the `headers` map. */
function readHeaderField(reader: Reader, found: number, header: Header): void {
  switch (found) {
    case tag(1): // key
      header.name = reader.string().toLowerCase();
      break;
    case tag(2): // value
      header.value = reader.string();
      break;
    case tag(3): // raw_value
      header.value = latin1(reader);
      break;
    default:
      reader.skipType(found & 7);
  }
}

/** An entry of a `map<string, string>`: 1 key, 2 value. */
function readEntryField(reader: Reader, found: number, entry: Header): void {
  if (found === tag(1)) entry.name = reader.string();
  else if (found === tag(2)) entry.value = reader.string();
  else reader.skipType(found & 7);
}

function readHeader(reader: Reader, headers: HeaderField[]): void {
  const header = { name: '', value: '' };
  readMessage(reader, header, readHeaderField);
  headers.push([header.name, header.value]);
}

/** `HeaderMap`: 1 headers. */
function readHeaderMapField(reader: Reader, found: number, headers: HeaderField[]): void {
  if (found === tag(1)) readHeader(reader, headers);
  else reader.skipType(found & 7);
}

/** `AttributeContext.HttpRequest` */
function readHttpField(reader: Reader, found: number, fields: Fields): void {
  switch (found) {
    case tag(2): // method
      fields.method = reader.string();
      break;
    case tag(3): // headers
      readHeader(reader, fields.headers);
      break;
    case tag(4): // path
      fields.path = reader.string();
      break;
    case tag(5): // host
      fields.host = reader.string();
      break;
    case tag(13): // header_map
      readMessage(reader, fields.rawHeaders, readHeaderMapField);
      break;
    default:
      reader.skipType(found & 7);
  }
}

/** Reads one field of a message in which only one message field matters. */
function only<T>(wanted: number, readInner: ReadField<T>): ReadField<T> {
  return (reader, found, target) => {
    if (found === tag(wanted)) readMessage(reader, target, readInner);
    else reader.skipType(found & 7);
  };
}

/** `SocketAddress`: 2 address. */
const readSocketAddressField: ReadField<Fields> = (reader, found, fields) => {
  if (found === tag(2)) fields.peerAddress = reader.string();
  else reader.skipType(found & 7);
};
const readPeerField = only(1, only(1, readSocketAddressField)); // Peer.address.socket_address
const readRequestField = only(2, readHttpField); // Request.http

/** An entry of the `context_extensions` map; the last entry for a key wins. */
function readExtension(reader: Reader, fields: Fields): void {
  const entry = { name: '', value: '' };
  readMessage(reader, entry, readEntryField);
  if (entry.name === 'endpoint') fields.endpoint = entry.value;
  else if (entry.name === 'bootstrap') fields.bootstrap = entry.value;
  else if (entry.name === 'upstream') fields.upstream = entry.value;
}

/** `AttributeContext` */
function readAttributesField(reader: Reader, found: number, fields: Fields): void {
  switch (found) {
    case tag(1): // source
      readMessage(reader, fields, readPeerField);
      break;
    case tag(4): // request
      readMessage(reader, fields, readRequestField);
      break;
    case tag(10): // context_extensions
      readExtension(reader, fields);
      break;
    default:
      reader.skipType(found & 7);
  }
}

const readCheckRequestField = only(1, readAttributesField); // CheckRequest.attributes

/**
 * Decodes the fields that we use of an `envoy.service.auth.v3.CheckRequest`. Headers come from `header_map`
 * (Envoy's `encode_raw_headers`), else from the `headers` map.
 *
 * @throws RangeError or Error if the bytes are not such a message
 */
export function decodeCheckRequest(bytes: Uint8Array): RoutedRequest {
  const reader = protobuf.Reader.create(bytes);
  const fields: Fields = {
    method: '',
    path: '',
    host: '',
    peerAddress: '',
    rawHeaders: [],
    headers: [],
    endpoint: '',
    bootstrap: '',
    upstream: '',
  };
  readFields(reader, reader.len, { readField: readCheckRequestField, target: fields });
  const { rawHeaders, headers, ...rest } = fields;
  return { ...rest, headers: rawHeaders.length > 0 ? rawHeaders : headers };
}
