import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { explainError } from '../errors/explain-error.ts';

export interface AuditFile {
  /** Adds a line at the end of the file soon. Never throws, and never waits for the disk. */
  append(line: string): void;
  /** Why the last attempt to write failed; undefined if it did not. */
  readonly problem: string | undefined;
  /** Writes what is waiting, if that takes at most 2 s. */
  close(): Promise<void>;
}

export interface AuditFileOptions {
  /** Called when writing begins to fail. */
  readonly onProblem: (problem: string) => void;
  /** Called when writing works again, with the number of lines that were lost. */
  readonly onRecovery: (lost: number) => void;
  readonly retryMs?: number;
  /** Lines kept while the disk fails; later ones are lost. */
  readonly mostWaiting?: number;
}

const BATCH = 256;
const CLOSE_MS = 2000;
const NEWLINE = 10;
const OWNER_ONLY = 0o600;
/** Not blocking: opening a named pipe without a reader fails instead of waiting for one. */
const FLAGS = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;

function newlines(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 0);
}

function statOf(file: FileHandle | string): Promise<Stats | undefined> {
  return (typeof file === 'string' ? stat(file) : file.stat()).catch(() => undefined);
}

/** The file that `path` names now: rotation moves the open one away. */
async function current(path: string, known: FileHandle | undefined): Promise<FileHandle> {
  if (known !== undefined) {
    const [ours, there] = await Promise.all([known, path].map(statOf));
    if (ours !== undefined && ours.ino === there?.ino && ours.dev === there.dev) return known;
    await known.close().catch(() => undefined);
  }
  return open(path, FLAGS, OWNER_ONLY);
}

/**
 * A file of lines that is only appended to, created with mode 0600. It is opened again after it was moved or deleted. While the
 * disk fails, lines wait in memory and are written later; nothing else is affected.
 */
export function openAuditFile(path: string, options: AuditFileOptions): AuditFile {
  const { onProblem, onRecovery, retryMs = 1000, mostWaiting = 10_000 } = options;
  const waiting: string[] = [];
  let file: FileHandle | undefined;
  /** Whether the file ends within a line, because a write failed halfway. */
  let torn = false;
  let lost = 0;
  let problem: string | undefined;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function writeBatch(): Promise<void> {
    const before = file;
    file = undefined; // If the next line throws, it is closed.
    file = await current(path, before);
    if (file !== before) torn = false;
    const start = torn ? '\n' : '';
    const batch = Buffer.from(start + waiting.slice(0, BATCH).join(''));
    let written = 0;
    try {
      while (written < batch.length) written += (await file.write(batch, written)).bytesWritten;
    } finally {
      const done = batch.subarray(0, written);
      if (written > 0) {
        waiting.splice(0, newlines(done) - start.length);
        torn = done.at(-1) !== NEWLINE;
      }
    }
  }

  function report(why: string): void {
    if (problem !== undefined) return;
    problem = `audit.file: not written; up to ${mostWaiting} events wait in memory: ${why}`;
    onProblem(problem);
  }

  function failed(error: unknown): void {
    timer = setTimeout(drain, retryMs);
    timer.unref();
    report(explainError(error));
  }

  async function writeAll(): Promise<void> {
    try {
      while (waiting.length > 0) await writeBatch();
      if (problem !== undefined) onRecovery(lost);
      problem = undefined;
      lost = 0;
    } catch (error) {
      failed(error);
    }
  }

  function drain(): void {
    clearTimeout(timer);
    timer = undefined;
    running ??= writeAll().finally(() => {
      running = undefined;
    });
  }

  return {
    append(line) {
      if (waiting.length < mostWaiting) waiting.push(`${line}\n`);
      else {
        lost += 1;
        report('the disk does not answer: check it');
      }
      if (timer === undefined) drain();
    },
    get problem() {
      return problem;
    },
    async close() {
      drain();
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([running, late]);
      clearTimeout(timer);
      await file?.close().catch(() => undefined);
      file = undefined;
    },
  };
}
