import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codeOf, FileWriteError } from './file-error.ts';

/** Node reports ENOENT where a file system is read-only; the parent that exists gives the real reason. */
function realCause(path: string, error: unknown): unknown {
  if (codeOf(error) !== 'ENOENT') return error;
  let missing = resolve(path);
  while (statSync(dirname(missing), { throwIfNoEntry: false }) === undefined) missing = dirname(missing);
  try {
    mkdirSync(missing);
    return error;
  } catch (cause) {
    return cause;
  }
}

/**
 * Creates a folder and the folders above it, unless they exist.
 *
 * @returns whether the folder or one above it was created
 * @throws FileWriteError naming the folder, the reason and the remedy
 */
export function makeFolder(path: string, { mode = 0o777 }: { mode?: number } = {}): boolean {
  try {
    return mkdirSync(path, { recursive: true, mode }) !== undefined;
  } catch (error) {
    throw new FileWriteError(path, realCause(path, error));
  }
}
