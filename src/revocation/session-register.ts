import { appendFileSync, closeSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../files/file-error.ts';
import { withFileLock } from '../files/file-lock.ts';
import { makeFolder } from '../files/make-folder.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { formatSession, RegisteredSessions, type RegisteredSession } from './registered-sessions.ts';

export interface SessionRegisterOptions {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A sign-in is not registered: the disk is full, for example. People can still sign in. */
  readonly onProblem?: (problem: string) => void;
}

/** Who signed in when, from where. Holds no cookies or other secrets. */
export interface SessionRegister {
  signedIn(session: RegisteredSession): void;
  signedOut(sessionId: string): void;
  /** Sessions that have not ended, the newest first. @throws Error that names the file */
  list(): readonly RegisteredSession[];
  /** @throws Error that names the file */
  find(sessionId: string): RegisteredSession | undefined;
}

/** Small files are not worth the work. */
const COMPACT_FROM_BYTES = 256 * 1024;
const CHUNK_BYTES = 1024 * 1024;

interface ReadState {
  readonly sessions: RegisteredSessions;
  inode: bigint;
  /** How much of the file has been read. */
  offset: number;
}

/** Calls back with each complete line from an offset on. @returns the offset after the last one */
function readLines(descriptor: number, from: number, onLine: (line: string) => void): number {
  let [offset, rest] = [from, Buffer.alloc(0)];
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const size = readSync(descriptor, chunk, 0, CHUNK_BYTES, offset + rest.length);
    if (size === 0) return offset;
    const text = Buffer.concat([rest, chunk.subarray(0, size)]);
    const end = text.lastIndexOf(10) + 1;
    for (const line of text.toString('utf8', 0, end).split('\n')) if (line !== '') onLine(line);
    offset += end;
    rest = text.subarray(end);
  }
}

/**
 * Opens the register of sessions, which replicas share. Lines are only appended; the file is rewritten without ended
 * sessions when most of it is about those. Each call reads only what was appended since the last one.
 */
export function openSessionRegister({ path, now, onProblem }: SessionRegisterOptions): SessionRegister {
  const state: ReadState = { sessions: new RegisteredSessions(), inode: 0n, offset: 0 };

  function catchUp(): RegisteredSessions {
    let descriptor: number;
    try {
      descriptor = openSync(path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return new RegisteredSessions();
      throw new Error(`${path}: cannot be read (${codeOf(error) ?? String(error)})`, { cause: error });
    }
    try {
      const { ino, size } = statSync(path, { bigint: true });
      if (ino !== state.inode || size < state.offset) {
        state.sessions.clear();
        [state.inode, state.offset] = [ino, 0];
      }
      state.offset = readLines(descriptor, state.offset, (line) => {
        state.sessions.add(line);
      });
    } finally {
      closeSync(descriptor);
    }
    return state.sessions;
  }

  function report(error: unknown): void {
    onProblem?.(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }

  function inodeOf(): bigint | undefined {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  }

  /** Again if the file was replaced meanwhile: the line may be in the old one only. A line that is twice does no harm. */
  function append(line: string): void {
    makeFolder(dirname(path), { mode: 0o700 });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const before = inodeOf();
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
      if (before === undefined || before === inodeOf()) return;
    }
  }

  /** Lines that others append while it is rewritten are copied too. */
  async function compact(): Promise<void> {
    await withFileLock(`${path}.lock`, () => {
      const descriptor = openSync(path, 'r');
      try {
        const live = new RegisteredSessions();
        const end = readLines(descriptor, 0, (line) => {
          live.add(line);
        });
        const lines = live.open(now()).map((session) => `${formatSession(session)}\n`);
        writeFileAtomically(path, lines.join(''));
        readLines(descriptor, end, append);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  function compactIfWorthwhile(): void {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < COMPACT_FROM_BYTES) return;
    const sessions = catchUp();
    if (sessions.open(now()).length * 2 < sessions.lines) compact().catch(report);
  }

  let appended = 0;
  function add(line: string): void {
    try {
      append(line);
      appended += 1;
      // Looking costs a little, so not at each sign-in.
      if (appended % 100 === 1) compactIfWorthwhile();
    } catch (error) {
      report(error);
    }
  }

  return {
    signedIn(session) {
      add(formatSession(session));
    },
    signedOut(sessionId) {
      add(JSON.stringify({ out: sessionId, at: new Date(now()).toISOString() }));
    },
    list: () => catchUp().open(now()),
    find: (sessionId) => catchUp().find(sessionId, now()),
  };
}
