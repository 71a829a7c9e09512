import { readOrCreatePrivateFile } from '../files/private-file.ts';
import { fileTrace } from '../files/file-trace.ts';
import { watchFile } from '../files/watch-file.ts';
import { formatSessionKeys, makeSessionKey, parseSessionKeys, type SessionKeys } from './session-keys.ts';

/** The keys in a file that replicas share; it is read again after each change. */
export interface OpenSessionKeys {
  readonly current: SessionKeys;
  /** Rises when the keys change. */
  readonly generation: number;
  /** Why the changed file cannot be used; the previous keys stay in use. */
  readonly problem: string | undefined;
  close(): void;
}

function load(file: string): SessionKeys {
  return parseSessionKeys(
    readOrCreatePrivateFile(file, () => formatSessionKeys([makeSessionKey()])),
    file,
  );
}

/**
 * Opens the key file; creates one key, readable by its owner only, if it is missing.
 *
 * @param onChange called after each change, with the problem if the file is unusable
 * @throws Error naming the file and the place in it
 */
export function openSessionKeys(
  file: string,
  onChange: (problem: string | undefined) => void,
): OpenSessionKeys {
  let current = load(file);
  let generation = 0;
  let problem: string | undefined;
  const close = watchFile(file, fileTrace(file), () => {
    try {
      current = load(file);
      generation += 1;
      problem = undefined;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    onChange(problem);
  });
  return {
    get current() {
      return current;
    },
    get generation() {
      return generation;
    },
    get problem() {
      return problem;
    },
    close,
  };
}
