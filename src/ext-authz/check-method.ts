import { fileURLToPath } from 'node:url';
import { loadSync, type Options } from '@grpc/proto-loader';
import type { MethodDefinition } from '@grpc/grpc-js';

const PROTO = fileURLToPath(new URL('../../proto', import.meta.url));

/** The method of the contract as `proto-loader` reads it from `proto/`, with the stock (de)serialisers. */
export function checkMethod(options: Options = {}): MethodDefinition<object, object> {
  const contract = loadSync('envoy/service/auth/v3/external_auth.proto', {
    ...options,
    includeDirs: [PROTO],
    keepCase: true,
  });
  const service = contract['envoy.service.auth.v3.Authorization'];
  if (service === undefined || !('Check' in service))
    throw new Error(`${PROTO}: Authorization.Check is missing`);
  return service['Check'];
}
