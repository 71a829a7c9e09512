import { pino } from 'pino';
import type { Config } from '../../src/config/schema.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { rawRequest } from './raw-request.ts';
import { startEnvoy, type EnvoyOptions, type RunningEnvoy } from './run-envoy.ts';

export interface RealGateway {
  readonly directory: ReturnType<typeof aDirectory>;
  readonly envoy: RunningEnvoy;
  readonly service: Service;
  /** What the service was started with, and Envoy's bootstrap rendered from. */
  readonly config: Config;
  /** Lines of the service's log. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

export interface RealOptions extends Pick<EnvoyOptions, 'change' | 'preset' | 'port'> {
  readonly config: string;
  /** A host of each endpoint, with credentials that it lets in: its upstream is healthy before the test begins. */
  readonly ready: readonly (readonly [host: string, authorization: string])[];
}

/** A real Envoy and the real service, both from one configuration. */
export async function startRealGateway({ config, ready, ...more }: RealOptions): Promise<RealGateway> {
  const directory = aDirectory();
  const loaded = load(directory.write('comfy-tenant.yaml', config));
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const envoy = await startEnvoy({ directory, config, ...more });
  const gateway = { ...loaded.config.gateway, listen: { host: '127.0.0.1', port: envoy.port } };
  // Tests run side by side, so any free port.
  const admin = { ...loaded.config.admin, listen: { host: '127.0.0.1', port: 0 } };
  const served = { ...loaded.config, gateway, admin };
  const service = await startService({ config: served, revision: loaded.revision, log });
  for (const [host, authorization] of ready) await untilReached(envoy, host, authorization);
  lines.length = 0;
  return {
    directory,
    envoy,
    service,
    config: served,
    lines,
    async stop() {
      await envoy.stop();
      await service.close();
      directory.remove();
    },
  };
}

/** Health checks take a moment at the start. */
async function untilReached(envoy: RunningEnvoy, host: string, authorization: string): Promise<void> {
  const lines = ['GET /ready HTTP/1.1', `Authorization: ${authorization}`];
  for (let tries = 0; tries < 1000; tries++) {
    const { status } = await rawRequest(envoy.port, { lines, host });
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no answer for ${host}:\n${envoy.output()}`);
}
