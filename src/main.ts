#!/usr/bin/env -S node --max-semi-space-size=32
import { EXIT } from './commands/context.ts';
import { explainUncaught } from './commands/exit-code.ts';
import { runCommand } from './commands/run-command.ts';

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
  // Unhandled rejections arrive here too.
  process.on('uncaughtException', (error: unknown) => {
    const { line, code } = explainUncaught(error);
    process.stderr.write(`comfy-tenant ${name}: ${line}\n`);
    process.exit(code);
  });
  const context = {
    args,
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    out: (line: string) => process.stdout.write(`${line}\n`),
    err: (line: string) => process.stderr.write(`${line}\n`),
    signal: ending.signal,
  };
  const code = await runCommand(name, context);
  await new Promise((resolve) => setImmediate(resolve)); // Errors of the last writes arrive only then.
  const lost = lostOutput();
  if (lost === undefined || lost.code === 'EPIPE') return code;
  process.stderr.write(
    `comfy-tenant ${name}: the output could not be written completely (${lost.message})\n`,
  );
  return EXIT.cannotWrite;
}

process.exitCode = await runInProcess();
// What a library leaves open, such as a pool of threads, must not keep an ended command alive.
process.exit();
