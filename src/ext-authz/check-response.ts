import protobuf from 'protobufjs/minimal.js';
import type { HeaderField } from '../http/request-head.ts';

type Writer = protobuf.Writer;

/** google.rpc.Code */
const CODE = { ok: 0, permissionDenied: 7 } as const;
/** HeaderValueOption.HeaderAppendAction. Envoy 1.40 ignores it over gRPC and overwrites; later versions append without it. */
const OVERWRITE_IF_EXISTS_OR_ADD = 2;

/** How Envoy changes the request before it goes upstream, and the metadata for its access log and RBAC. */
export interface OkHttpResponse {
  /** Replace the client's headers. Must not overlap `remove`, because Envoy removes after it sets. */
  readonly headers: readonly HeaderField[];
  readonly remove: readonly string[];
  readonly setQuery: readonly HeaderField[];
  readonly removeQuery: readonly string[];
  readonly metadata: readonly HeaderField[];
  /** A cookie to add to ComfyUI's response, as the value of `Set-Cookie`; no cache may then keep the response. */
  readonly setCookie?: string | undefined;
}

/** Envoy's response to the client. */
export interface DeniedHttpResponse {
  readonly status: number;
  readonly headers: readonly HeaderField[];
  readonly body: string;
  readonly metadata: readonly HeaderField[];
}

const tag = (field: number): number => (field << 3) | 2;
const varint = (field: number): number => field << 3;

function message(writer: Writer, field: number, write: () => void): void {
  writer.uint32(tag(field)).fork();
  write();
  writer.ldelim();
}

/** HeaderValue and QueryParameter: 1 key, 2 value. Envoy 1.40 ignores `raw_value` (3). */
function writePair(writer: Writer, field: number, [key, value]: HeaderField): void {
  message(writer, field, () => {
    writer.uint32(tag(1)).string(key);
    if (value !== '') writer.uint32(tag(2)).string(value);
  });
}

/** HeaderValueOption: 1 header, 3 append_action. Both OkHttpResponse and DeniedHttpResponse have it as field 2. */
function writeHeader(writer: Writer, header: HeaderField): void {
  message(writer, 2, () => {
    writePair(writer, 1, header);
    writer.uint32(varint(3)).uint32(OVERWRITE_IF_EXISTS_OR_ADD);
  });
}

/** OkHttpResponse.response_headers_to_add (6). Without `append_action`, a header is added to those of ComfyUI. */
function writeSetCookie(writer: Writer, setCookie: string): void {
  message(writer, 6, () => {
    writePair(writer, 1, ['set-cookie', setCookie]);
  });
  message(writer, 6, () => {
    writePair(writer, 1, ['cache-control', 'no-store']);
    writer.uint32(varint(3)).uint32(OVERWRITE_IF_EXISTS_OR_ADD);
  });
}

/** CheckResponse.dynamic_metadata (4): a google.protobuf.Struct of strings. 1 fields (entry: 1 key, 2 value), 3 string_value. */
function writeMetadata(writer: Writer, metadata: readonly HeaderField[]): void {
  message(writer, 4, () => {
    for (const [key, value] of metadata) {
      message(writer, 1, () => {
        writer.uint32(tag(1)).string(key);
        message(writer, 2, () => {
          writer.uint32(tag(3)).string(value);
        });
      });
    }
  });
}

/** CheckResponse.status (1): a google.rpc.Status with 1 code. */
function writeStatus(writer: Writer, code: number): void {
  message(writer, 1, () => {
    if (code !== CODE.ok) writer.uint32(varint(1)).int32(code);
  });
}

/** Encodes an `envoy.service.auth.v3.CheckResponse` that allows the request. */
export function encodeOk(response: OkHttpResponse): Uint8Array {
  const writer = protobuf.Writer.create();
  writeStatus(writer, CODE.ok);
  // ok_response
  message(writer, 3, () => {
    for (const header of response.headers) writeHeader(writer, header);
    for (const name of response.remove) writer.uint32(tag(5)).string(name); // headers_to_remove
    if (response.setCookie !== undefined) writeSetCookie(writer, response.setCookie);
    for (const parameter of response.setQuery) writePair(writer, 7, parameter); // query_parameters_to_set
    for (const name of response.removeQuery) writer.uint32(tag(8)).string(name); // query_parameters_to_remove
  });
  writeMetadata(writer, response.metadata);
  return writer.finish();
}

/** Encodes an `envoy.service.auth.v3.CheckResponse` that denies the request. */
export function encodeDenied(response: DeniedHttpResponse): Uint8Array {
  const writer = protobuf.Writer.create();
  writeStatus(writer, CODE.permissionDenied);
  // denied_response
  message(writer, 2, () => {
    // status: a type.v3.HttpStatus with 1 code
    message(writer, 1, () => {
      writer.uint32(varint(1)).int32(response.status);
    });
    for (const header of response.headers) writeHeader(writer, header);
    if (response.body !== '') writer.uint32(tag(3)).string(response.body); // body
  });
  writeMetadata(writer, response.metadata);
  return writer.finish();
}
