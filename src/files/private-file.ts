import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { createFileAtomically } from './write-file-atomically.ts';

/** The text of a file; undefined if it does not exist. */
export function readIfExists(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The text of a private file (0600), created first if it is missing; of several processes, one wins and all read the same. */
export function readOrCreatePrivateFile(file: string, make: () => string): string {
  const text = readIfExists(file);
  if (text !== undefined) return text;
  // Others may pass through to the folder of public keys, and list nothing.
  makeFolder(dirname(file), { mode: 0o711 });
  createFileAtomically(file, make());
  return readFileSync(file, 'utf8');
}
