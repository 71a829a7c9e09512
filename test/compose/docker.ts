import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Debian's, by path: the only CLI known to bring BuildKit without a plugin. */
const CLI = '/usr/bin/docker';
const PACKAGES = {
  dockerd: 'docker.io',
  'docker-compose': 'docker-compose',
  debootstrap: 'debootstrap',
  iptables: 'iptables',
};
const PATIENCE_MS = 60_000;

export interface Docker {
  /** What `docker` and `docker-compose` need to reach this daemon. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Runs a program to its end. @throws Error with its last lines when it fails */
export function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; input?: string } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if (status === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n');
  throw new Error(
    `${command} ${args.join(' ')} failed (${error?.message ?? `exit code ${status}`}):\n${said}`,
  );
}

/** Installs what is missing in CI; other systems are not changed. */
function ensurePrograms(): void {
  const missing = Object.entries(PACKAGES).filter(([program]) => spawnSync('which', [program]).status !== 0);
  if (missing.length === 0 && existsSync(CLI)) return;
  const packages = [...new Set([...missing.map(([, name]) => name), 'docker.io'])];
  if (process.env['CI'] !== 'true')
    throw new Error(`the compositions need a Docker of Debian's: apt install ${packages.join(' ')}`);
  console.log(`  installing ${packages.join(', ')}`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** Certificates by which this machine reaches package registries; undefined where the usual ones do. */
function ownCertificates(): string | undefined {
  return process.env['NODE_EXTRA_CA_CERTS'] ?? process.env['SSL_CERT_FILE'];
}

/** A `docker` that gives each build these certificates as a secret, and this machine's network. */
function writeCli(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const ca = ownCertificates();
  const secret = ca === undefined ? '' : `--secret id=ca,src=${ca}`;
  const file = join(folder, 'docker');
  const lines = [
    '#!/bin/sh',
    `[ "$1" = build ] || exec ${CLI} "$@"`,
    'shift',
    `exec ${CLI} build --network host ${secret} "$@"`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  chmodSync(file, 0o755);
}

/**
 * Starts a Docker daemon of its own.
 *
 * @param folder where it keeps images; emptied at the stop
 * @throws Error with the daemon's last lines when it does not start
 */
export async function startDocker(folder: string): Promise<Docker> {
  ensurePrograms();
  const data = join(folder, 'docker');
  mkdirSync(data, { recursive: true });
  writeCli(join(folder, 'bin'));
  // A socket's path must be short.
  const short = mkdtempSync(join(tmpdir(), 'ct-docker-'));
  const socket = `unix://${join(short, 'docker.sock')}`;
  const log = join(folder, 'dockerd.log');
  const output = openSync(log, 'w');
  const daemon = spawn(
    'dockerd',
    [
      '--data-root',
      data,
      '--exec-root',
      join(short, 'exec'),
      '--pidfile',
      join(short, 'pid'),
      '--host',
      socket,
      '--bridge',
      'none',
    ],
    { stdio: ['ignore', output, output] },
  );
  const ended = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error']) daemon.once(event, () => { resolve(); }); // prettier-ignore
  });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    DOCKER_HOST: socket,
    DOCKER_BUILDKIT: '1',
    COMPOSE_DOCKER_CLI_BUILD: '1',
  };
  const stop = async (): Promise<void> => {
    daemon.kill('SIGTERM');
    await ended;
    rmSync(short, { recursive: true, force: true });
    rmSync(data, { recursive: true, force: true });
  };
  const deadline = Date.now() + PATIENCE_MS;
  while (spawnSync(CLI, ['version'], { env }).status !== 0) {
    if (daemon.exitCode !== null || daemon.pid === undefined || Date.now() > deadline) {
      const why = readFileSync(log, 'utf8').trim().split('\n').slice(-10).join('\n');
      await stop();
      throw new Error(`dockerd does not run here, so the compositions cannot be tested:\n${why}`);
    }
    await sleep(300);
  }
  return { env, stop };
}
