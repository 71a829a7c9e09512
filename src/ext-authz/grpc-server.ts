import { readFileSync } from 'node:fs';
import {
  Server,
  ServerCredentials,
  setLogger,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { ListenError } from '../errors/listen-error.ts';
import { HealthImplementation } from 'grpc-health-check';
import { addressText, isUnixSocket, type ListenAddress } from '../http/host-port.ts';
import { bindSocket } from '../listen/bind-socket.ts';
import { freeSocket } from '../listen/free-socket.ts';
import type { Check } from './authorization-service.ts';
import { checkMethod } from './check-method.ts';

export interface GrpcOptions {
  /** `unix:/path` or `host:port`. */
  readonly listen: ListenAddress;
  readonly tls?:
    | { readonly certFile: string; readonly keyFile: string; readonly clientCaFile?: string | undefined }
    | undefined;
  /** Name or number of a group that may also connect to a Unix socket. */
  readonly socketGroup?: string | undefined;
  readonly check: Check;
  /** How long `close` waits for checks in progress, in milliseconds (5000). */
  readonly drainMs?: number;
}

export interface GrpcServer {
  /** The TCP port; undefined on a Unix socket. */
  readonly port: number | undefined;
  /** Reports NOT_SERVING, waits for checks in progress, and stops. */
  close(): Promise<void>;
}

const SERVICE = 'envoy.service.auth.v3.Authorization';
/** A check has at most 60 KiB of headers, plus their encoding. */
const MAX_MESSAGE_BYTES = 256 * 1024;
const DRAIN_MS = 5000;
/** Channelz records every call for a debugging service that we do not offer. */
export const SERVER_OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.enable_channelz': 0,
} as const;

// grpc-js also prints the errors that it returns.
setLogger({ error: () => undefined });

const unchanged = (bytes: Buffer): Buffer => bytes;

function serve(check: Check) {
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    const response = check(call.request);
    if (response instanceof Promise) {
      void response.then((late) => {
        callback(null, late as Buffer);
      });
    } else callback(null, response as Buffer);
  };
}

function credentials(tls: GrpcOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: readFileSync(tls.certFile), private_key: readFileSync(tls.keyFile) };
  const ca = tls.clientCaFile === undefined ? null : readFileSync(tls.clientCaFile);
  return ServerCredentials.createSsl(ca, [pair], ca !== null);
}

function bind(server: Server, options: GrpcOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(addressText(options.listen), credentials(options.tls), (error, port) => {
      if (error === null) resolve(port);
      else
        reject(new ListenError('service.listen', addressText(options.listen).replace(/^unix:/, ''), error));
    });
  });
}

/**
 * Serves `check` and `grpc.health.v1`. Messages are passed as bytes, so that a malformed request is answered by the check
 * and not by a gRPC error.
 *
 * @throws Error naming `service.listen` if the address cannot be bound
 */
export async function startGrpcServer(options: GrpcOptions): Promise<GrpcServer> {
  const { listen } = options;
  if (isUnixSocket(listen)) await freeSocket(listen.path, 'service.listen');
  const server = new Server(SERVER_OPTIONS);
  const codec = {
    requestDeserialize: unchanged,
    responseSerialize: unchanged,
    requestSerialize: unchanged,
    responseDeserialize: unchanged,
  };
  server.addService({ Check: { ...checkMethod(), ...codec } }, { Check: serve(options.check) });
  const health = new HealthImplementation({ '': 'SERVING', [SERVICE]: 'SERVING' });
  health.addToServer(server);
  const port = isUnixSocket(listen)
    ? await bindSocket(listen.path, options.socketGroup, () => bind(server, options))
    : await bind(server, options);
  return {
    port: isUnixSocket(listen) ? undefined : port,
    async close() {
      health.setStatus('', 'NOT_SERVING');
      health.setStatus(SERVICE, 'NOT_SERVING');
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => {
          server.forceShutdown();
        }, options.drainMs ?? DRAIN_MS);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      });
    },
  };
}
