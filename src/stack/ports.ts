import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why this process cannot listen there now; undefined if it can. */
export function listenProblem(port: number, host = '127.0.0.1'): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

/** Below the ports that systems give to outgoing connections: a port chosen here stays free until it is used. */
const [LOWEST, HIGHEST] = [20_000, 29_999];
const TRIED = 100;

/** A free TCP port of this machine, chosen at random. @throws Error if a hundred are in use */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIED; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if ((await listenProblem(port, host)) === undefined) return port;
  }
  throw new Error(`no free port of ${host} was found between ${LOWEST} and ${HIGHEST}`);
}

/** The first free port, starting at `wanted`. @throws Error if a hundred in a row are in use */
export async function nextFreePort(wanted: number, host = '127.0.0.1'): Promise<number> {
  for (let port = wanted; port < wanted + TRIED; port += 1)
    if ((await listenProblem(port, host)) === undefined) return port;
  throw new Error(`the ports ${wanted} to ${wanted + TRIED - 1} of ${host} are all in use`);
}

const LISTEN = '0A';

function listeningInodes(port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(`:${wanted}`) === true && fields[3] === LISTEN)
      .flatMap((fields) => fields[9] ?? []),
  );
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false; // Owned by another user, or already gone.
  }
}

/** The program that listens on a TCP port, as `node (pid 4242)`; `another program` if unknown. */
export function whoListens(port: number): string {
  try {
    const sockets = new Set(listeningInodes(port).map((inode) => `socket:[${inode}]`));
    const pid = readdirSync('/proc').find((entry) => /^[0-9]+$/.test(entry) && holds(entry, sockets));
    if (pid === undefined) return 'another program';
    return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`;
  } catch {
    return 'another program'; // No /proc: not Linux.
  }
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}

const POLL_MS = 50;

/** Waits until something accepts connections there; false if `giveUp` returns true first. */
export async function waitForPort(port: number, host: string, giveUp: () => boolean): Promise<boolean> {
  while (!giveUp()) {
    if (await accepts(port, host)) return true;
    await sleep(POLL_MS);
  }
  return false;
}
