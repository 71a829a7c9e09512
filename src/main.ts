#!/usr/bin/env node
import { runCommand } from './commands/run-command.ts';

// Where Ctrl-C and SIGTERM meet the running command; a second one ends at once.
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (ending.signal.aborted) process.exit(130);
    ending.abort(signal);
  });
}

const [name = 'help', ...args] = process.argv.slice(2);
process.exitCode = await runCommand(name, {
  args,
  env: process.env,
  cwd: process.cwd(),
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  stdin: process.stdin,
  signal: ending.signal,
});
// What a library leaves open, such as a pool of threads, must not keep an ended command alive.
process.exit();
