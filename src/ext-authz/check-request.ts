import protobuf from 'protobufjs/minimal.js';
import type { HeaderField, RequestHead } from '../auth/request-head.ts';

type Reader = protobuf.Reader;

interface Fields {
  method: string;
  path: string;
  host: string;
  peerAddress: string;
  rawHeaders: HeaderField[];
  headers: HeaderField[];
}

/** A tag of the wire format for a length-delimited field: strings, bytes and messages. */
const tag = (field: number): number => (field << 3) | 2;

type ReadField<T> = (reader: Reader, tag: number, target: T) => void;

function readMessage<T>(reader: Reader, target: T, readField: ReadField<T>): void {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError('CheckRequest: a message is cut short');
  readFields(reader, end, { readField, target });
}

function readFields<T>(
  reader: Reader,
  end: number,
  { readField, target }: { readField: ReadField<T>; target: T },
): void {
  while (reader.pos < end) readField(reader, reader.uint32(), target);
  if (reader.pos !== end) throw new RangeError('CheckRequest: a field reaches beyond its message');
}

/** Bytes as a string of one character each, without a view of their own. */
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

/** HeaderValue, and an entry of the `headers` map. */
function readHeaderField(reader: Reader, found: number, header: Header): void {
  switch (found) {
    case tag(1):
      header.name = reader.string().toLowerCase();
      break;
    case tag(2):
      header.value = reader.string();
      break;
    case tag(3): // raw_value: one character a byte
      header.value = latin1(reader);
      break;
    default:
      reader.skipType(found & 7);
  }
}

function readHeader(reader: Reader, headers: HeaderField[]): void {
  const header = { name: '', value: '' };
  readMessage(reader, header, readHeaderField);
  headers.push([header.name, header.value]);
}

function readHeaderMapField(reader: Reader, found: number, headers: HeaderField[]): void {
  if (found === tag(1)) readHeader(reader, headers);
  else reader.skipType(found & 7);
}

function readHttpField(reader: Reader, found: number, fields: Fields): void {
  switch (found) {
    case tag(2):
      fields.method = reader.string();
      break;
    case tag(3):
      readHeader(reader, fields.headers);
      break;
    case tag(4):
      fields.path = reader.string();
      break;
    case tag(5):
      fields.host = reader.string();
      break;
    case tag(13):
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

const readSocketAddressField: ReadField<Fields> = (reader, found, fields) => {
  if (found === tag(2)) fields.peerAddress = reader.string();
  else reader.skipType(found & 7);
};
const readPeerField = only(1, only(1, readSocketAddressField)); // Peer.address.socket_address
const readRequestField = only(2, readHttpField); // Request.http

function readAttributesField(reader: Reader, found: number, fields: Fields): void {
  if (found === tag(1)) readMessage(reader, fields, readPeerField);
  else if (found === tag(4)) readMessage(reader, fields, readRequestField);
  else reader.skipType(found & 7);
}

const readCheckRequestField = only(1, readAttributesField);

/**
 * Decodes an `envoy.service.auth.v3.CheckRequest`, only the fields that we read. Headers come from `header_map`
 * (Envoy's `encode_raw_headers`), else from the `headers` map.
 *
 * @throws RangeError or Error when the bytes are not such a message
 */
export function decodeCheckRequest(bytes: Uint8Array): RequestHead {
  const reader = protobuf.Reader.create(bytes);
  const fields: Fields = { method: '', path: '', host: '', peerAddress: '', rawHeaders: [], headers: [] };
  readFields(reader, reader.len, { readField: readCheckRequestField, target: fields });
  const { method, path, host, peerAddress, rawHeaders } = fields;
  return { method, path, host, peerAddress, headers: rawHeaders.length > 0 ? rawHeaders : fields.headers };
}
