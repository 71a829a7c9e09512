import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from './file-error.ts';
import { withFileLock, type LockOptions } from './file-lock.ts';
import { fileTrace } from './file-trace.ts';
import { makeFolder } from './make-folder.ts';
import { realFile, writeFileAtomically } from './write-file-atomically.ts';

/** How a state is stored in a file. */
export interface Codec<T> {
  /** The state of a file that does not exist yet. */
  readonly empty: T;
  /** @throws Error with the rule and the fix, without the file's name */
  parse(text: string): T;
  format(state: T): string;
}

export interface SharedFileOptions<T> extends LockOptions {
  readonly path: string;
  readonly codec: Codec<T>;
  /** Called after each change of the state or of `problem`, by this process or another; not when the file is opened. */
  readonly onChange?: (state: T, before: T) => void;
  /** How often to look for changes by other processes; default 200 ms. */
  readonly everyMs?: number;
}

/** The state of a file that several processes read and change. */
export interface SharedFile<T> {
  /** The last valid state; outdated while there is a problem. */
  readonly state: T;
  /** Why the file cannot be used now: its name, the rule and the fix. */
  readonly problem: string | undefined;
  /**
   * Changes the file under its lock, starting from its latest content.
   *
   * @param edit the new state, or undefined to change nothing
   * @throws Error that names the file; then nothing was changed
   */
  change(edit: (state: T) => T | undefined): Promise<boolean>;
  /** Looks for a change by another process now, instead of at the next interval. */
  look(): void;
  close(): void;
}

const POLL_MS = 200;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Error(`${path}: cannot be read (${codeOf(error) ?? String(error)})`, { cause: error });
  }
}

function parsed<T>(path: string, text: string, codec: Codec<T>): T {
  try {
    return codec.parse(text);
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Reads the state once; `empty` if the file does not exist. @throws Error that names the file */
export function readSharedFile<T>(path: string, codec: Codec<T>): T {
  const text = textOf(path);
  return text === undefined ? codec.empty : parsed(path, text, codec);
}

/**
 * Changes the file atomically under its lock, so that no change of another process is lost. An unusable file is never
 * overwritten. A new file gets mode 0600.
 *
 * @returns the new state, or undefined if `edit` returned undefined
 * @throws Error that names the file; then nothing was changed
 */
export async function changeSharedFile<T>(
  { path, codec, ...lock }: Pick<SharedFileOptions<T>, 'path' | 'codec' | 'timeoutMs'>,
  edit: (state: T) => T | undefined,
): Promise<T | undefined> {
  makeFolder(dirname(path), { mode: 0o700 });
  const target = realFile(path);
  return withFileLock(
    `${target}.lock`,
    () => {
      const next = edit(readSharedFile(target, codec));
      if (next !== undefined) writeFileAtomically(target, codec.format(next));
      return next;
    },
    lock,
  );
}

/** Opens the file and follows its changes. A file that exists now and is removed later is a problem, not an empty file. */
export function openSharedFile<T>(options: SharedFileOptions<T>): SharedFile<T> {
  const { path, codec, onChange, everyMs = POLL_MS } = options;
  let state = codec.empty;
  let problem: string | undefined;
  let trace = '';
  let exists = false;
  let opened = false;
  /** The trace at which the file was unusable; it counts when it still is at the next look: editors write in steps. */
  let doubted = '';

  function take(next: T): void {
    const before = state;
    const changed = problem !== undefined || next !== state;
    [state, problem] = [next, undefined];
    if (changed && opened) onChange?.(state, before);
  }

  function fail(why: string, now: string): void {
    if (doubted !== now) {
      doubted = now;
      trace = '';
    } else if (problem !== why) {
      problem = why;
      if (opened) onChange?.(state, state);
    }
  }

  /** Before the content is read, so that a change in between is found next time. */
  function look(): void {
    const now = fileTrace(path);
    if (now === trace) return;
    trace = now;
    try {
      const text = textOf(path);
      if (text !== undefined) {
        exists = true;
        take(parsed(path, text, codec));
      } else if (exists)
        fail(`${path}: is missing: restore it, or restart the service to begin without it`, now);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error), now);
    }
  }

  look();
  if (doubted !== '') look();
  opened = true;
  const timer = setInterval(look, everyMs);
  timer.unref();
  return {
    get state() {
      return state;
    },
    get problem() {
      return problem;
    },
    async change(edit) {
      if (exists && textOf(path) === undefined) look();
      if (problem !== undefined) throw new Error(problem);
      const changed = await changeSharedFile(options, edit);
      look();
      return changed !== undefined;
    },
    look,
    close() {
      clearInterval(timer);
    },
  };
}
