import { withFileLock } from '../files/file-lock.ts';

/** Longer than any installation takes. */
const TIMEOUT_MS = 30 * 60_000;

/** Installs while no other process does. @throws Error that names the lock file after half an hour */
export function withInstallLock<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  return withFileLock(lockFile, work, { timeoutMs: TIMEOUT_MS, busy: 'another installation is in progress' });
}
