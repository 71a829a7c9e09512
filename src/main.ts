#!/usr/bin/env node
import { isMainThread } from 'node:worker_threads';
import { EXIT } from './commands/context.ts';
import { runCommand, servesChecks } from './commands/run-command.ts';
import { givesRoom } from './service-heap.ts';
import { runInThread, threadTask } from './service-thread.ts';

const surroundings = { env: process.env, cwd: process.cwd(), stdin: process.stdin };

// `npm start` and the image give the room by a flag. A thread of sources would need tsx to be loaded again.
const needsThread =
  import.meta.url.endsWith('.js') && !givesRoom([...process.execArgv, process.env['NODE_OPTIONS'] ?? '']);

/** The first error of stdout or stderr. Without it a full disk behind `comfy-tenant envoy > envoy.yaml` would exit with 0. */
function watchOutput(): () => NodeJS.ErrnoException | undefined {
  let lost: NodeJS.ErrnoException | undefined;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      lost ??= error;
    });
  }
  return () => lost;
}

async function runInProcess(): Promise<number> {
  // Where Ctrl-C and SIGTERM meet the running command; a second one ends at once.
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(130);
      ending.abort(signal);
    });
  }
  const lostOutput = watchOutput();
  const [name = 'help', ...args] = process.argv.slice(2);
  const context = {
    ...surroundings,
    args,
    out: (line: string) => process.stdout.write(`${line}\n`),
    err: (line: string) => process.stderr.write(`${line}\n`),
    signal: ending.signal,
  };
  const code =
    servesChecks(name) && needsThread
      ? await runInThread(new URL(import.meta.url), { name, args }, context)
      : await runCommand(name, context);
  await new Promise((resolve) => setImmediate(resolve)); // Errors of the last writes arrive only then.
  const lost = lostOutput();
  if (lost === undefined || lost.code === 'EPIPE') return code;
  process.stderr.write(
    `comfy-tenant ${name}: the output could not be written completely (${lost.message})\n`,
  );
  return EXIT.cannotWrite;
}

if (isMainThread) process.exitCode = await runInProcess();
else {
  const task = threadTask();
  task.end(await runCommand(task.name, { ...surroundings, ...task }));
}
// What a library leaves open, such as a pool of threads, must not keep an ended command alive.
process.exit();
