import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withInstallLock } from '../../src/install/install-lock.ts';
import { aDirectory } from '../support/temp-dir.ts';
import { basic } from '../support/requests.ts';

/** The whole of it as `npm start` gives it: a real Envoy, the service, and a real ComfyUI with the plugin. */
export interface Demo {
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  readonly passwords: { readonly alice: string; readonly bob: string };
  /** A request as one of the two, through the gateway. */
  as(name: 'alice' | 'bob', path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

/** A demo looks for free ports before it listens on them: two that start at the same moment could choose the same. */
export const STARTING = join(tmpdir(), 'comfy-tenant-demo-starts.lock');

/** Starts the demo in a folder of its own, and waits until it is verified and ready. */
export function startDemo(
  env: Record<string, string> = {},
  prepare: (folder: string) => void = () => undefined,
): Promise<Demo> {
  return withInstallLock(STARTING, () => start(env, prepare));
}

async function start(env: Record<string, string>, prepare: (folder: string) => void): Promise<Demo> {
  const directory = aDirectory();
  const folder = join(directory.path, 'demo');
  prepare(folder);
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'up', '--demo', folder], {
    env: { ...process.env, ...env },
  });
  let output = '';
  const started = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('Ctrl-C stops everything')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      reject(new Error(`the demo ended with code ${String(code)}:\n${output}`));
    });
  });
  await started;
  const found = (pattern: RegExp): string => pattern.exec(output)?.[1] ?? '';
  const url = found(/Open +(\S+)/);
  const passwords = { alice: found(/alice +(\S+-\S+)\n/), bob: found(/bob +(\S+-\S+)\n/) };
  return {
    url,
    pid: child.pid ?? 0,
    folder,
    passwords,
    as(name, path, init = {}) {
      const headers = {
        ...(init.headers as Record<string, string> | undefined),
        authorization: basic(name, passwords[name]),
      };
      return fetch(new URL(path, url), { ...init, headers });
    },
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
      directory.remove();
    },
  };
}
