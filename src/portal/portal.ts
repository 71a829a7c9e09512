import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { ListenError } from '../errors/listen-error.ts';
import { hostPort, isUnixSocket, type ListenAddress } from '../http/host-port.ts';
import { bindSocket } from '../listen/bind-socket.ts';
import { freeSocket } from '../listen/free-socket.ts';

export interface PortalOptions {
  /** `unix:/path` or `host:port`. */
  readonly listen: ListenAddress;
  /** Name or number of a group that may also connect to a Unix socket. */
  readonly socketGroup?: string | undefined;
  /** For `host:port`: the certificate of the service. */
  readonly tls?:
    | { readonly certFile: string; readonly keyFile: string; readonly clientCaFile?: string | undefined }
    | undefined;
  readonly app: Hono;
}

export interface Portal {
  /** The TCP port; undefined on a Unix socket. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

const KEY = 'portal.listen';
/** More than Envoy lets through, so that it alone refuses large headers, with a page. Node's own limit is 16 KiB. */
const LIMITS = { maxHeaderSize: 128 * 1024 };

function listening(server: Server, where: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new ListenError(KEY, isUnixSocket(where) ? where.path : hostPort(where), error));
    });
    server.listen(where, resolve);
  });
}

async function bind(server: Server, { listen, socketGroup }: PortalOptions): Promise<number | undefined> {
  if (isUnixSocket(listen)) {
    await freeSocket(listen.path, KEY);
    await bindSocket(listen.path, socketGroup, () => listening(server, listen));
    return undefined;
  }
  await listening(server, listen);
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}

function serverFor(listener: RequestListener, { listen, tls }: PortalOptions): Server {
  if (tls === undefined || isUnixSocket(listen)) return createServer(LIMITS, listener);
  const { certFile, keyFile, clientCaFile } = tls;
  const clients =
    clientCaFile === undefined
      ? {}
      : { ca: readFileSync(clientCaFile), requestCert: true, rejectUnauthorized: true };
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  return createTlsServer({ ...LIMITS, ...pair, ...clients }, listener);
}

/**
 * Serves the pages under `/_auth/`: sign-in, sign-out and account. Only Envoy connects, and names the endpoint.
 *
 * @throws Error naming `portal.listen` if the address cannot be bound
 */
export async function startPortal(options: PortalOptions): Promise<Portal> {
  const listener = getRequestListener(options.app.fetch);
  const server = serverFor((request, response) => void listener(request, response), options);
  const port = await bind(server, options);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
