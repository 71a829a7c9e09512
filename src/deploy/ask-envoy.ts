import { request } from 'node:http';
import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Revisions } from '../envoy/revision-host.ts';
import {
  REVISION_HEADER,
  REVISION_HOST,
  REVISION_PATHS,
  REVISION_STATUS,
} from '../http/revision-host.ts';

/** `live`: Envoy uses the files of these revisions. `other`: of others. `silent`: it does not answer. */
export type Answer = 'live' | 'other' | 'silent';

interface Reply {
  readonly status: number;
  readonly server: string;
  readonly body: string;
}

const TIMEOUT_MS = 2_000;
const NO_CLUSTER = 503;
const MAX_BODY = 1_000;

/** The longest path of a Unix socket on Linux. */
const MAX_SOCKET_PATH = 107;

/** Uses another name for a socket whose path is too long. */
async function withShortName<T>(socket: string, use: (name: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(socket) <= MAX_SOCKET_PATH) return use(socket);
  const folder = openSync(dirname(socket), 'r');
  try {
    return await use(`/proc/self/fd/${folder}/${basename(socket)}`);
  } finally {
    closeSync(folder);
  }
}

function get(socket: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: socket, path, agent: false, timeout: TIMEOUT_MS };
    const sent = request({ ...options, headers: { host: REVISION_HOST, ...headers } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        if (body.length < MAX_BODY) body += chunk;
      });
      response.once('error', reject).once('end', () => {
        resolve({ status: response.statusCode ?? 0, server: String(response.headers.server), body });
      });
    });
    sent.once('timeout', () => sent.destroy(new Error('timeout'))).once('error', reject);
    sent.end();
  });
}

async function ask(socket: string, revisions: Revisions): Promise<Answer> {
  const routes = await get(socket, REVISION_PATHS.routes);
  if (routes.body !== revisions.routes || routes.server !== revisions.listeners) return 'other';
  const clusters = await get(socket, REVISION_PATHS.clusters);
  const authz = await get(socket, REVISION_PATHS.authz, { [REVISION_HEADER + revisions.authz]: '1' });
  return clusters.status === NO_CLUSTER && authz.status === REVISION_STATUS.passed ? 'live' : 'other';
}

/** Asks Envoy, at its socket, whether it uses the files of these revisions. */
export async function askEnvoy(socket: string, revisions: Revisions): Promise<Answer> {
  try {
    return await withShortName(socket, (name) => ask(name, revisions));
  } catch {
    // Not started, stopping, or too busy: all the same to the caller, who asks again.
    return 'silent';
  }
}
