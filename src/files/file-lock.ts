import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './file-error.ts';
import { isAlive } from './is-alive.ts';
import { makeFolder } from './make-folder.ts';
import { createFileAtomically } from './write-file-atomically.ts';

export interface LockOptions {
  /** How long to wait for another holder, in milliseconds (10,000). */
  readonly timeoutMs?: number;
  /** What the lock protects against, for the message of a timeout. */
  readonly busy?: string;
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

/** Tells a process from a later one with the same id: its start time in ticks since the machine started, proc_pid_stat(5). */
function startOf(pid: number): string {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    return afterName.split(' ')[19] ?? '-';
  } catch {
    return '-';
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

/** What a lock contains: its holder, and a number that no other lock has. */
function ownLock(): string {
  return `${process.pid} ${startOf(process.pid)} ${place()}\n${randomBytes(12).toString('hex')}\n`;
}

/** Whether the holder exited without releasing the lock; always false for another machine or container. */
function isDead(holder: string): boolean {
  // Version 0.1 wrote the process id alone.
  if (/^[0-9]+\n$/.test(holder)) return !isAlive(Number(holder));
  const [pid = '', start = '', ...where] = holder.split('\n')[0]?.split(' ') ?? [];
  if (where.join(' ') !== place() || !/^[0-9]+$/.test(pid)) return false;
  return !isAlive(Number(pid)) || startOf(Number(pid)) !== start;
}

/**
 * Removes the lock of a dead process. Who may do so is decided by a second lock whose name belongs to that one dead lock: a
 * process that is late finds a new lock, and leaves it alone. The second lock of a dead process is removed in the same way.
 */
function removeDead(lockFile: string): void {
  const holder = read(lockFile);
  if (holder === undefined || !isDead(holder)) return;
  const digest = createHash('sha256').update(holder).digest('hex').slice(0, 16);
  const removing = `${lockFile}.${digest}`;
  if (!createFileAtomically(removing, ownLock())) {
    removeDead(removing);
    return;
  }
  try {
    if (read(lockFile) === holder) rmSync(lockFile, { force: true });
  } finally {
    rmSync(removing, { force: true });
  }
}

/**
 * Runs `work` while holding an exclusive lock file. The lock of a process that was killed, on the same machine and in the
 * same container, is removed.
 *
 * @throws Error with the lock file's name if it cannot be acquired in time
 */
export async function withFileLock<T>(
  lockFile: string,
  work: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS, busy = 'another change is in progress, nothing was changed' }: LockOptions = {},
): Promise<T> {
  const own = ownLock();
  const deadline = performance.now() + timeoutMs;
  makeFolder(dirname(lockFile));
  while (!createFileAtomically(lockFile, own)) {
    removeDead(lockFile);
    if (performance.now() > deadline)
      throw new Error(
        `${lockFile}: ${busy}: try again; if no comfy-tenant command is running, delete this file`,
      );
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    if (read(lockFile) === own) rmSync(lockFile, { force: true });
  }
}
