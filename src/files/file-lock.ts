import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './file-error.ts';
import { createFileAtomically } from './write-file-atomically.ts';

export interface LockOptions {
  /** How long to wait for another holder. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** The scope of a process id: this machine or container. */
function place(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return `${hostname()} -`; // Not Linux: the host name alone.
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

/** Whether the holder exited without releasing the lock; always false for another machine or container. */
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

/** Removes a stale lock, under a second lock, so that two processes cannot remove each other's new locks. */
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
 * Runs `work` while holding an exclusive lock file. A stale lock of a killed process on the same machine and in the same
 * container is removed.
 *
 * @throws Error with the lock file's name if it cannot be acquired in time
 */
export async function withFileLock<T>(
  lockFile: string,
  work: () => T,
  { timeoutMs = TIMEOUT_MS }: LockOptions = {},
): Promise<T> {
  const own = `${process.pid} ${place()}\n${randomBytes(12).toString('hex')}\n`;
  const deadline = performance.now() + timeoutMs;
  while (!createFileAtomically(lockFile, own)) {
    const holder = read(lockFile);
    if (holder !== undefined && isDead(holder)) removeDead(lockFile);
    if (performance.now() > deadline)
      throw new Error(
        `${lockFile}: another change is in progress, nothing was changed: try again; if no comfy-tenant command is running, delete this file`,
      );
    await sleep(POLL_MS);
  }
  try {
    return work();
  } finally {
    if (read(lockFile) === own) rmSync(lockFile, { force: true });
  }
}
