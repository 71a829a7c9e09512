import { join } from 'node:path';
import { pino } from 'pino';
import { vi } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import type { Deployment } from '../../src/deploy/deployment.ts';
import { followConfig } from '../../src/deploy/follow-config.ts';
import { openDeployment } from '../../src/deploy/open-deployment.ts';
import { usualPreset } from '../../src/envoy/rendering.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { freePort } from '../../src/stack/ports.ts';
import { envoyBinary, spawnEnvoy, type RunningEnvoy } from '../envoy/run-envoy.ts';
import { aDirectory, load } from '../support/temp-dir.ts';

/** A real Envoy that watches its files, and the real service, which follows the configuration's file. */
export interface WatchedGateway {
  readonly directory: ReturnType<typeof aDirectory>;
  readonly port: number;
  readonly service: Service;
  readonly deployment: Deployment;
  readonly envoy: RunningEnvoy;
  /** Lines of the service's log. */
  readonly lines: readonly string[];
  /** Replaces the configuration's file. Returns the revision of the new text. */
  save(text: string): string;
  /** Applies a configuration without its file. */
  apply(text: string): Promise<void>;
  readyz(): Promise<{ revision: string; envoy: string; problems: readonly string[] }>;
  /** Replaces the file, and waits until the service and Envoy serve it. */
  deploy(text: string): Promise<void>;
  stop(): Promise<void>;
}

export interface WatchedOptions {
  /** The configuration, without `gateway.listen` and addresses of the service. */
  readonly config: string;
  /** Whether the real Envoy validates changes before. */
  readonly validates?: boolean;
}

export async function startWatchedGateway(options: WatchedOptions): Promise<WatchedGateway> {
  const directory = aDirectory();
  const port = await freePort();
  const complete = (text: string): string =>
    `${/^gateway:/m.test(text) ? '' : 'gateway: { listen: "127.0.0.1:PORT" }\n'}${text}
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`.replaceAll('PORT', String(port));
  const file = directory.write('comfy-tenant.yaml', complete(options.config));
  const { config, revision } = load(file);
  const folder = join(directory.path, 'envoy');
  const envoyPath = options.validates === false ? undefined : await envoyBinary();
  const deployment = openDeployment({
    config,
    folder,
    presetOf: usualPreset,
    envoy: envoyPath,
    env: process.env,
  });
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const service = await startService({ config, revision, log, envoy: deployment });
  const envoy = await spawnEnvoy(folder, port);
  const over = new AbortController();
  const following = followConfig({
    file,
    env: {},
    config,
    revision,
    service,
    deployment,
    signal: over.signal,
    onLoaded: () => undefined,
    onApplied: () => undefined,
  });
  const gateway: WatchedGateway = {
    directory,
    port,
    service,
    deployment,
    envoy,
    lines,
    save(text) {
      directory.write('comfy-tenant.yaml', complete(text));
      return load(file).revision;
    },
    async apply(text) {
      const next = load(directory.write('candidate-comfy-tenant.yaml', complete(text)));
      const serve = (wanted: Config): void => {
        service.replace(wanted, next.revision);
      };
      await deployment.apply(next.config, serve);
    },
    async readyz() {
      const response = await fetch(`http://127.0.0.1:${service.adminPort}/readyz`);
      return (await response.json()) as Awaited<ReturnType<WatchedGateway['readyz']>>;
    },
    async deploy(text) {
      const wanted = gateway.save(text);
      await vi.waitUntil(async () => {
        const { revision: served, envoy: state } = await gateway.readyz();
        return served === wanted && state === 'live';
      }, WAIT);
    },
    async stop() {
      over.abort();
      await following;
      deployment.close();
      await envoy.stop();
      await service.close();
      directory.remove();
    },
  };
  await vi.waitUntil(async () => (await gateway.readyz()).envoy === 'live', WAIT);
  return gateway;
}

export const WAIT = { timeout: 60_000, interval: 20 };
