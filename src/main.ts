#!/usr/bin/env node
import { EXIT } from './commands/context.ts';
import { runCommand } from './commands/run-command.ts';

// Where Ctrl-C and SIGTERM meet the running command; a second one ends at once.
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (ending.signal.aborted) process.exit(130);
    ending.abort(signal);
  });
}

// Without these a full disk behind `comfy-tenant envoy > envoy.yaml` would leave a part of it and exit with 0.
let lost: NodeJS.ErrnoException | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    lost ??= error;
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
await new Promise((resolve) => setImmediate(resolve)); // The errors of the last writes are told only then.
if (lost !== undefined && lost.code !== 'EPIPE') {
  process.stderr.write(`comfy-tenant ${name}: the output could not be written whole (${lost.message})\n`);
  process.exitCode = EXIT.cannotWrite;
}
// What a library leaves open, such as a pool of threads, must not keep an ended command alive.
process.exit();
