import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../src/config/load.ts';
import { bootstrap } from '../src/envoy/render.ts';
import { ensureEnvoy } from '../src/install/ensure-envoy.ts';
import { freePort } from '../src/stack/ports.ts';
import { token } from './credentials.ts';
import { CASES, manager } from './envoy-cases.ts';
import { inTurn, measured, type Measured } from './load.ts';
import { start, type Program } from './programs.ts';
import type { Section } from './table.ts';

interface Options {
  readonly directory: string;
  readonly floor: Program;
  readonly floorListen: string;
  readonly ours: Program;
  readonly listen: string;
  readonly seconds: number;
  readonly rounds: number;
}

const PARALLEL = 32;

function get(port: number, authorization: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'jwt.example.com', authorization };
    const sent = request({ host: '127.0.0.1', port, path: '/api/queue', headers, agent }, (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    sent.once('error', reject).end();
  });
}

/** Keeps requests under way, and counts what Envoy and the service together cost. */
async function load(
  name: string,
  port: number,
  options: { seconds: number; programs: readonly Program[] },
): Promise<Measured> {
  const authorization = `Bearer ${token('RS256', -3)}`;
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
  const until = async (end: number): Promise<{ ms: number }[]> => {
    const samples: { ms: number }[] = [];
    const lane = async (): Promise<void> => {
      for (let begun = performance.now(); begun < end; begun = performance.now()) {
        const status = await get(port, authorization, agent);
        if (status !== 200) throw new Error(`${name}: answered ${String(status)}`);
        samples.push({ ms: performance.now() - begun });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, lane));
    return samples;
  };
  await until(performance.now() + 1000);
  const found = await measured(name, options.programs, () =>
    until(performance.now() + options.seconds * 1000),
  );
  agent.destroy();
  return found;
}

async function measure(
  index: number,
  envoyPath: string,
  options: Options & { upstream: number },
): Promise<Measured> {
  const found = CASES[index];
  if (found === undefined) throw new Error('no such case');
  const [name, change, asks] = found;
  const loaded = loadConfig(join(options.directory, 'comfy-tenant.yaml'), {});
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const port = await freePort();
  loaded.config.gateway.listen = { host: '127.0.0.1', port };
  const config = bootstrap(loaded.config, 'gateway');
  change(config, options);
  manager(config).access_log = [];
  const text = stringify(config, { aliasDuplicateObjects: false })
    .replaceAll('port_value: 8188', `port_value: ${String(options.upstream)}`)
    .replaceAll('path: /_tenant/plugin', 'path: /');
  const file = join(options.directory, `envoy-${String(index)}.yaml`);
  writeFileSync(file, text);
  const envoy = await start(
    envoyPath,
    ['-c', file, '--disable-hot-restart', '--concurrency', '2'],
    'starting main dispatch loop',
  );
  await new Promise((resolve) => setTimeout(resolve, 2500)); // Until the first health check has passed.
  try {
    const programs = asks === null ? [envoy] : [envoy, options[asks]];
    return await load(name, port, { seconds: options.seconds, programs });
  } finally {
    await envoy.stop();
  }
}

export async function measureThroughEnvoy(options: Options): Promise<Section> {
  const { path: envoyPath } = await ensureEnvoy({
    env: process.env,
    toolsFolder: '.tools',
    report: console.log,
  });
  const upstream = await freePort();
  const echo = await start('node', ['--import', 'tsx', 'bench/echo-upstream.ts', String(upstream)], 'ready');
  const cases = [...CASES.keys()].map(
    (index) => (): Promise<Measured> => measure(index, envoyPath, { ...options, upstream }),
  );
  const rows = await inTurn(cases, options.rounds).finally(() => echo.stop());
  const floor = rows[2]?.perSecond ?? Number.NaN;
  return {
    title: 'Requests through Envoy, the service on its Unix socket',
    columns: [
      'requests/s',
      'ratio to the floor server',
      'p50 ms',
      'p99 ms',
      'CPU µs a request, Envoy and service',
    ],
    rows: rows.map(({ name, perSecond, p50Ms, p99Ms, cpuMicros }) => ({
      name,
      values: [
        perSecond.toFixed(0),
        (perSecond / floor).toFixed(3),
        p50Ms.toFixed(2),
        p99Ms.toFixed(2),
        cpuMicros.toFixed(0),
      ],
    })),
  };
}
