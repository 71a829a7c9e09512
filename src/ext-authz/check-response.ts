import protobuf from 'protobufjs/minimal.js';
import type { HeaderField } from '../http/request-head.ts';

type Writer = protobuf.Writer;

/** google.rpc.Code */
const CODE = { ok: 0, permissionDenied: 7 } as const;
/** HeaderValueOption.HeaderAppendAction: 1.40 ignores it over gRPC and overwrites; later Envoys append without it. */
const OVERWRITE_IF_EXISTS_OR_ADD = 2;

/** What Envoy does to the request before it goes on, and what its access log and RBAC see. */
export interface OkAnswer {
  /** Set, whatever the client sent. Never one of `remove`: Envoy removes after it sets. */
  readonly headers: readonly HeaderField[];
  readonly remove: readonly string[];
  readonly setQuery: readonly HeaderField[];
  readonly removeQuery: readonly string[];
  readonly metadata: readonly HeaderField[];
}

/** What Envoy answers the client. */
export interface DeniedAnswer {
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

/** HeaderValue and QueryParameter: key 1, value 2. `raw_value` would be ignored by Envoy 1.40. */
function writePair(writer: Writer, field: number, [key, value]: HeaderField): void {
  message(writer, field, () => {
    writer.uint32(tag(1)).string(key);
    if (value !== '') writer.uint32(tag(2)).string(value);
  });
}

function writeHeader(writer: Writer, header: HeaderField): void {
  message(writer, 2, () => {
    writePair(writer, 1, header);
    writer.uint32(varint(3)).uint32(OVERWRITE_IF_EXISTS_OR_ADD);
  });
}

/** google.protobuf.Struct with string values only. */
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

function writeStatus(writer: Writer, code: number): void {
  message(writer, 1, () => {
    if (code !== CODE.ok) writer.uint32(varint(1)).int32(code);
  });
}

/** Encodes an `envoy.service.auth.v3.CheckResponse` that lets the request go on. */
export function encodeOk(answer: OkAnswer): Uint8Array {
  const writer = protobuf.Writer.create();
  writeStatus(writer, CODE.ok);
  message(writer, 3, () => {
    for (const header of answer.headers) writeHeader(writer, header);
    for (const name of answer.remove) writer.uint32(tag(5)).string(name);
    for (const parameter of answer.setQuery) writePair(writer, 7, parameter);
    for (const name of answer.removeQuery) writer.uint32(tag(8)).string(name);
  });
  writeMetadata(writer, answer.metadata);
  return writer.finish();
}

/** Encodes an `envoy.service.auth.v3.CheckResponse` that refuses the request. */
export function encodeDenied(answer: DeniedAnswer): Uint8Array {
  const writer = protobuf.Writer.create();
  writeStatus(writer, CODE.permissionDenied);
  message(writer, 2, () => {
    message(writer, 1, () => {
      writer.uint32(varint(1)).int32(answer.status);
    });
    for (const header of answer.headers) writeHeader(writer, header);
    if (answer.body !== '') writer.uint32(tag(3)).string(answer.body);
  });
  writeMetadata(writer, answer.metadata);
  return writer.finish();
}
