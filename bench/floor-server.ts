import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { encodeOk } from '../src/ext-authz/check-response.ts';
import { checkMethod } from '../src/ext-authz/check-method.ts';
import { SERVER_OPTIONS } from '../src/ext-authz/grpc-server.ts';
import { limitHeapGrowth } from '../src/service/service-heap.ts';

/**
 * The floor: grpc-js, with the service's options, that does nothing but answer the same bytes. With `stock`, the same through the (de)serialisers of
 * proto-loader. Run as `node --import tsx bench/floor-server.ts <listen> [stock]`; says `ready` when it listens.
 */
// As the service does: what is compared is what the check costs.
limitHeapGrowth();
const [listen = '', kind] = process.argv.slice(2);
const method = checkMethod();
const bytes = Buffer.from(
  encodeOk({
    headers: [
      ['x-funart-comfy-userid', 'alice'],
      ['x-funart-comfy-token', 'x'.repeat(220)],
    ],
    remove: ['authorization'],
    setQuery: [],
    removeQuery: [],
    metadata: [
      ['user', 'alice'],
      ['endpoint', 'studio'],
      ['method', 'BASIC'],
    ],
  }),
);
const asIs = (message: Buffer): Buffer => message;
const raw = {
  requestDeserialize: asIs,
  responseSerialize: asIs,
  requestSerialize: asIs,
  responseDeserialize: asIs,
};
const server = new Server(SERVER_OPTIONS);
if (kind === 'stock') {
  const answer = method.responseDeserialize(bytes);
  server.addService(
    { Check: method },
    { Check: (_: unknown, callback: sendUnaryData<object>) => { callback(null, answer); } }, // prettier-ignore
  );
} else {
  server.addService(
    { Check: { ...method, ...raw } },
    { Check: (_: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => { callback(null, bytes); } }, // prettier-ignore
  );
}
server.bindAsync(listen, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  console.log('ready');
});
