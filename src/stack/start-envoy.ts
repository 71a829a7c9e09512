import { join } from 'node:path';
import { BOOTSTRAP_FILE } from '../envoy/watched.ts';
import { programStartError } from './program-start-error.ts';
import type { Envoy } from '../install/ensure-envoy.ts';
import { waitForPort } from './ports.ts';
import type { Program, Programs } from './programs.ts';
import type { Env } from '../install/run-program.ts';

export interface EnvoyStart {
  readonly envoy: Envoy;
  /** The folder with its bootstrap and the files that it watches. */
  readonly watched: string;
  /** Where its log is written. */
  readonly folder: string;
  /** Where it will listen. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly programs: Programs;
  readonly env: Env;
}

const TIMEOUT_MS = 20_000;
const ANY_HOST = /^(0\.0\.0\.0|::)$/;

/** Starts an Envoy and waits until it accepts connections. @throws StartError with the end of its log */
export async function startEnvoy(start: EnvoyStart): Promise<Program> {
  const { envoy, watched, folder, listen, programs, env } = start;
  const program = await programs.start({
    name: 'Envoy',
    command: envoy.path,
    // No hot restart, so that several can run on one machine; unknown fields are errors instead of warnings.
    args: [
      '-c',
      join(watched, BOOTSTRAP_FILE),
      '--reject-unknown-dynamic-fields',
      '--disable-hot-restart',
      '-l',
      'warning',
    ],
    env,
    cwd: watched,
    logFile: join(folder, 'envoy.log'),
  });
  const deadline = Date.now() + TIMEOUT_MS;
  const host = ANY_HOST.test(listen.host) ? '127.0.0.1' : listen.host;
  const up = await waitForPort(listen.port, host, () => program.hasEnded() || Date.now() > deadline);
  if (up) return program;
  const fault = await programStartError(program, `Envoy does not listen on ${listen.host}:${listen.port}`);
  await program.stop();
  throw fault;
}
