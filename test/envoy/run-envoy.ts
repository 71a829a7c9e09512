import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/schema.ts';
import { bootstrap } from '../../src/envoy/render.ts';
import { type Preset } from '../../src/envoy/rendering.ts';
import { ensureEnvoy } from '../../src/install/ensure-envoy.ts';
import { freePort, waitForPort } from '../../src/stack/ports.ts';
import { aDirectory, load } from '../support/temp-dir.ts';

type Bootstrap = ReturnType<typeof bootstrap>;

export interface RunningEnvoy {
  readonly port: number;
  readonly pid: number;
  /** What it wrote: its log and its access log. */
  output(): string;
  stop(): Promise<void>;
}

export interface EnvoyOptions {
  readonly directory: ReturnType<typeof aDirectory>;
  /** Text of the configuration; `listen` is put in. */
  readonly config: string;
  /** Takes away or adds parts of the bootstrap. */
  readonly change?: (bootstrap: Bootstrap) => void;
  readonly preset?: Preset;
  /** If something else must know it before (any free port). */
  readonly port?: number;
}

export async function envoyBinary(): Promise<string> {
  const report = (): void => undefined;
  return (await ensureEnvoy({ env: process.env, toolsFolder: '.tools', report })).path;
}

function listenOn(config: Config, port: number): Config {
  return { ...config, gateway: { ...config.gateway, listen: { host: '127.0.0.1', port } } };
}

/** The settings of the HTTP connection manager, to be changed by a test. */
export function manager(config: Bootstrap) {
  const filter = config.static_resources.listeners[0]?.filter_chains[0]?.filters[0];
  if (filter === undefined) throw new Error('the bootstrap has no listener');
  return filter.typed_config as {
    http_filters: { name: string; typed_config: Record<string, unknown> }[];
    early_header_mutation_extensions: unknown[];
  };
}

/** Starts the real Envoy with the rendered bootstrap of a configuration. */
export async function startEnvoy(options: EnvoyOptions): Promise<RunningEnvoy> {
  const { directory, preset = 'gateway' } = options;
  const { config } = load(directory.write('comfy-tenant.yaml', options.config));
  const port = options.port ?? (await freePort());
  const made = bootstrap(listenOn(config, port), preset);
  options.change?.(made);
  directory.write('envoy.yaml', stringify(made, { aliasDuplicateObjects: false }));
  return spawnEnvoy(directory.path, port);
}

/** Starts the real Envoy with the file `envoy.yaml` in a folder, which makes it listen on a port. */
export async function spawnEnvoy(folder: string, port: number): Promise<RunningEnvoy> {
  const args = ['--disable-hot-restart', '--reject-unknown-dynamic-fields', '--concurrency', '1'];
  const child = spawn(
    resolve(await envoyBinary()),
    ['-c', join(folder, 'envoy.yaml'), ...args, '-l', 'warning'],
    { cwd: folder }, // prettier-ignore
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<void>((done) => child.once('close', () => { done(); })); // prettier-ignore
  if (!(await waitForPort(port, '127.0.0.1', () => child.exitCode !== null))) {
    await exited;
    throw new Error(`no Envoy:\n${output}`);
  }
  return {
    port,
    pid: child.pid ?? 0,
    output: () => output,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
