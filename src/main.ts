#!/usr/bin/env node
import { EXIT } from './commands/context.ts';
import { explainUncaught } from './commands/exit-code.ts';
import { runCommand } from './commands/run-command.ts';

/** Returns the first write error of stdout or stderr; else `comfy-tenant envoy > envoy.yaml` on a full disk would exit with 0. */
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
  const [name = 'help', ...args] = process.argv.slice(2);
  // Ctrl-C, SIGTERM and a closed terminal end the running command; a second signal exits at once.
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', ...(name === 'serve' ? [] : (['SIGHUP'] as const))] as const) {
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(130);
      ending.abort(signal);
    });
  }
  const lostOutput = watchOutput();
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
  await new Promise((resolve) => setImmediate(resolve)); // Errors of the last writes arrive in the next turn.
  const lost = lostOutput();
  if (lost === undefined || lost.code === 'EPIPE') return code;
  process.stderr.write(
    `comfy-tenant ${name}: the output could not be written completely (${lost.message})\n`,
  );
  return EXIT.cannotWrite;
}

process.exitCode = await runInProcess();
// Exit even if a library left something open, such as a thread pool.
process.exit();
