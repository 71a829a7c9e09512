import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { explainError } from '../errors/explain-error.ts';
import { makeFolder } from '../files/make-folder.ts';

/**
 * Makes room for a Unix socket: creates its folder, and removes the socket file of a killed process.
 *
 * @param key of the configuration, for errors
 * @throws Error if the path is no socket or another process listens on it
 */
export async function freeSocket(path: string, key: string): Promise<void> {
  try {
    makeFolder(dirname(path));
  } catch (error) {
    throw new Error(`${key}: ${explainError(error)}`, { cause: error });
  }
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) throw new Error(`${key}: ${path} exists and is not a socket; remove it`);
  const inUse = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
  if (inUse) throw new Error(`${key}: another process listens on ${path}; stop it, or choose another socket`);
  unlinkSync(path);
}
