import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { CommandContext } from './commands/context.ts';
import { YOUNG_GENERATION_MB } from './service-heap.ts';

interface Task {
  readonly name: string;
  readonly args: readonly string[];
}

/** What the thread tells the process, in order. */
type Told =
  { readonly kind: 'out' | 'err'; readonly line: string } | { readonly kind: 'exit'; readonly code: number };

/**
 * Runs a command in a thread with the heap it needs, for a process that was started without. Signals and standard output
 * stay with the process; what the thread throws ends it, as it would without one.
 *
 * @param entry the module that calls `threadTask` there
 */
export async function runInThread(
  entry: URL,
  { name, args }: Task,
  { out, err, signal }: Pick<CommandContext, 'out' | 'err' | 'signal'>,
): Promise<number> {
  const worker = new Worker(entry, {
    workerData: { name, args } satisfies Task,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  let exitCode = 1;
  worker.on('message', (told: Told) => {
    if (told.kind === 'exit') exitCode = told.code;
    else (told.kind === 'out' ? out : err)(told.line);
  });
  const stop = (): void => {
    worker.postMessage('stop');
  };
  signal.addEventListener('abort', stop);
  await once(worker, 'exit'); // Throws what the thread threw.
  return exitCode;
}

/** In the thread: the task, and the context of its command without what belongs to the process. */
export function threadTask(): Task &
  Pick<CommandContext, 'out' | 'err' | 'signal'> & { end(code: number): void } {
  const port = parentPort;
  if (port === null) throw new Error('not in a thread');
  const ending = new AbortController();
  port.once('message', () => {
    ending.abort();
  });
  const tell = (told: Told): void => {
    port.postMessage(told);
  };
  return {
    ...(workerData as Task),
    out: (line) => {
      tell({ kind: 'out', line });
    },
    err: (line) => {
      tell({ kind: 'err', line });
    },
    signal: ending.signal,
    end: (code) => {
      tell({ kind: 'exit', code });
    },
  };
}
