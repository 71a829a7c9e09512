import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from '../files/make-folder.ts';

/** Whether a process with this id is running. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function take(lockFile: string): boolean {
  try {
    writeFileSync(lockFile, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The pid of the holder; undefined if the lock was just released or not yet written. */
function holder(lockFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(lockFile, 'utf8'), 10);
    return Number.isInteger(pid) ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const LOOK_EVERY_MS = 200;

/** Runs `work` under a lock file that other processes on this machine respect; a dead process's lock is removed. */
export async function withInstallLock<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  makeFolder(dirname(lockFile));
  while (!take(lockFile)) {
    const pid = holder(lockFile);
    if (pid !== undefined && pid !== process.pid && !isAlive(pid)) rmSync(lockFile, { force: true });
    else await sleep(LOOK_EVERY_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}
