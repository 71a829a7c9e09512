import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { ListenError } from '../errors/listen-error.ts';
import { hostPort, type HostPort } from '../http/host-port.ts';
import { allowedNames, isAllowedHost } from './allowed-host.ts';

/** The body of `/readyz`. */
export interface Readiness {
  readonly ready: boolean;
  readonly revision: string;
  /**
   * Whether Envoy has this revision: `live` if it confirms it, `applying` while a change is on its way, `unconfirmed` if it does not answer,
   * `separate` if its bootstrap is rendered separately.
   */
  readonly envoy: 'live' | 'applying' | 'unconfirmed' | 'separate';
  /** Problems that do not stop the service, such as a rejected configuration change or an unreachable issuer. */
  readonly problems: readonly string[];
}

export interface AdminOptions {
  readonly listen: HostPort;
  /** Accepted `Host` names, besides localhost, the name in `listen` and IP addresses. */
  readonly hosts: readonly string[];
  readonly registry: Registry;
  readonly readiness: () => Readiness;
  /** Removes values of environment variables from labels. */
  readonly conceal: (text: string) => string;
  /** The pages below `/console`; none if omitted. */
  readonly console?: Hono | undefined;
  /** Answers below `/api/v1`; nothing does if omitted. */
  readonly api?: Hono | undefined;
}

/** Labels whose values come from the configuration. */
const LABEL_VALUE = /(?<=\b(?:endpoint|issuer|cache)=")(?:[^"\\]|\\.)*/g;

function routes({ listen, hosts, registry, readiness, conceal, console, api }: AdminOptions): Hono {
  const names = allowedNames(listen, hosts);
  const app = new Hono();
  app.get('/healthz', (context) => context.text('ok\n'));
  app.use(async (context, next) => {
    if (isAllowedHost(context.req.header('host'), names)) return next();
    return context.text('unknown host: use an IP address, or add this name to admin.hosts\n', 421);
  });
  app.get('/readyz', (context) => {
    const state = readiness();
    return context.json(state, state.ready ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    const text = (await registry.metrics()).replaceAll(LABEL_VALUE, (value) => conceal(value));
    return context.body(text, 200, { 'content-type': registry.contentType });
  });
  if (console !== undefined) {
    // As its address is printed.
    app.get('/console/', (context) => context.redirect('/console', 303));
    app.route('/console', console);
  }
  if (api !== undefined) app.route('/api/v1', api);
  return app;
}

function listening(server: Server, listen: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new ListenError('admin.listen', hostPort(listen), error));
    });
    server.listen(listen, resolve);
  });
}

/** Serves `/metrics`, `/healthz`, `/readyz` and the console with its API. Returns the port, which the system chooses if it is 0. @throws Error naming `admin.listen` */
export async function startAdminServer(
  options: AdminOptions,
): Promise<{ port: number; close(): Promise<void> }> {
  const listener = getRequestListener(routes(options).fetch);
  const server = createServer((request, response) => void listener(request, response));
  await listening(server, options.listen);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
