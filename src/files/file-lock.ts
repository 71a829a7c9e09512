import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './file-error.ts';
import { createFileAtomically } from './write-file-atomically.ts';

export interface LockOptions {
  /** How long to wait for another holder. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** Where a process id means something: this machine or container. */
function place(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return `${hostname()} -`; // Not Linux: the host's name must do.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the holder ended without giving the lock back; of another machine or container that cannot be told. */
function isDead(holder: string): boolean {
  const [pid = '', ...where] = holder.split('\n')[0]?.split(' ') ?? [];
  if (where.join(' ') !== place() || !/^[0-9]+$/.test(pid) || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/** Removes what a dead holder left. Under a lock of its own: two that do so at once would remove each other's. */
function removeDead(lockFile: string): void {
  const taking = `${lockFile}.taking`;
  if (!createFileAtomically(taking, `${process.pid}\n`)) return;
  try {
    const holder = read(lockFile);
    if (holder !== undefined && isDead(holder)) rmSync(lockFile, { force: true });
  } finally {
    rmSync(taking, { force: true });
  }
}

/**
 * Does the work while no other process that uses the same lock file does. The lock of a process that was killed is
 * taken over, when it ran on this machine and in this container.
 *
 * @throws Error naming the lock file when another holds it for too long
 */
export async function withFileLock<T>(
  lockFile: string,
  work: () => T,
  { patienceMs = PATIENCE_MS }: LockOptions = {},
): Promise<T> {
  const own = `${process.pid} ${place()}\n${randomBytes(12).toString('hex')}\n`;
  const deadline = performance.now() + patienceMs;
  while (!createFileAtomically(lockFile, own)) {
    const holder = read(lockFile);
    if (holder !== undefined && isDead(holder)) removeDead(lockFile);
    if (performance.now() > deadline)
      throw new Error(
        `${lockFile}: another change is under way, nothing was changed: try again; if no comfy-tenant command runs, delete this file`,
      );
    await sleep(LOOK_EVERY_MS);
  }
  try {
    return work();
  } finally {
    if (read(lockFile) === own) rmSync(lockFile, { force: true });
  }
}
