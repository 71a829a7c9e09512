import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, waitForPort } from '../../src/stack/ports.ts';
import { aDirectory } from './temp-dir.ts';

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A real Prometheus with the configuration and alerts of `deploy/prometheus`, which scrapes these addresses every second. */
export async function startPrometheus(targets: readonly string[]) {
  const directory = aDirectory();
  const shipped = readFileSync('deploy/prometheus/prometheus.yml', 'utf8');
  const config = shipped
    .replace('15s', '1s\n  evaluation_interval: 1s')
    .replace('[alerts.yml]', `[${resolve('deploy/prometheus/alerts.yml')}]`)
    .replace('[authz:9002]', JSON.stringify(targets));
  const port = await freePort();
  const args = [
    `--config.file=${directory.write('prometheus.yml', config)}`,
    `--storage.tsdb.path=${join(directory.path, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'close').catch((error: unknown) => (output += String(error)));
  const ended = (): boolean => child.exitCode !== null || child.pid === undefined;
  if (!(await waitForPort(port, '127.0.0.1', ended))) throw new Error(`no Prometheus: ${output}`);

  async function api(path: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: unknown };
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  }

  return {
    api,
    /** What an expression finds now. @throws Error if it is invalid */
    async query(expression: string): Promise<readonly Series[]> {
      const { result } = (await api(`query?query=${encodeURIComponent(expression)}`)) as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      directory.remove();
    },
  };
}
