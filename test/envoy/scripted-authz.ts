import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { HeaderField } from '../../src/http/request-head.ts';
import { decodeCheckRequest } from '../../src/ext-authz/check-request.ts';
import { encodeOk, type OkHttpResponse } from '../../src/ext-authz/check-response.ts';
import { checkMethod } from '../../src/ext-authz/check-method.ts';
import type { RequestHead } from '../../src/http/request-head.ts';

/** What the service answers: bytes, now or later; an error is a gRPC error. */
export type Script = (request: RequestHead) => Uint8Array | Promise<Uint8Array>;

export interface ScriptedAuthz {
  readonly asked: RequestHead[];
  /** Changes what it answers from now on. */
  say(script: Script): void;
  close(): void;
}

/** An answer that lets alice in, with something changed. */
export function letIn(changes: Partial<OkHttpResponse> = {}): Uint8Array {
  const headers: HeaderField[] = [
    ['x-funart-comfy-userid', 'alice'],
    ['x-funart-comfy-token', 'token-of-alice'],
  ];
  const metadata: HeaderField[] = [
    ['user', 'alice'],
    ['endpoint', 'studio'],
    ['method', 'BASIC'],
  ];
  return encodeOk({
    headers,
    remove: ['authorization'],
    setQuery: [],
    removeQuery: [],
    metadata,
    ...changes,
  });
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** A service in our place that answers what the test says, on a Unix socket. */
export async function startScriptedAuthz(
  socket: string,
  first: Script = () => letIn(),
): Promise<ScriptedAuthz> {
  const asked: RequestHead[] = [];
  let script = first;
  const server = new Server();
  const raw = {
    requestDeserialize: asIs,
    responseSerialize: asIs,
    requestSerialize: asIs,
    responseDeserialize: asIs,
  };
  const answer = async (call: ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> => {
    const request = decodeCheckRequest(call.request);
    asked.push(request);
    return Buffer.from(await script(request));
  };
  server.addService(
    { Check: { ...checkMethod(), ...raw } },
    {
      Check(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) {
        answer(call).then(
          (bytes) => {
            callback(null, bytes);
          },
          (error: unknown) => {
            callback(error as Error);
          },
        );
      },
    },
  );
  new HealthImplementation({ 'envoy.service.auth.v3.Authorization': 'SERVING' }).addToServer(server);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return {
    asked,
    say(next) {
      script = next;
    },
    close() {
      server.forceShutdown();
    },
  };
}
