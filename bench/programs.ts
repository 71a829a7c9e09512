import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A program under measurement, in a process of its own. */
export interface Program {
  readonly process: ChildProcess;
  /** Processor time used so far, in seconds, by the process with all its threads (proc(5), utime and stime). */
  cpuSeconds(): number;
  /** Resident memory now, in MB. */
  residentMb(): number;
  stop(): Promise<void>;
}

const TICKS_PER_SECOND = 100;

/** Starts a program, and waits until a line of its output holds `ready`. */
export async function start(command: string, args: readonly string[], ready: string): Promise<Program> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!output.includes(ready)) return;
      // What it writes from now on is discarded: reading it would slow down the client, which is this process.
      for (const stream of [child.stdout, child.stderr]) stream.off('data', read).resume();
      resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      reject(new Error(`${command} ${args.join(' ')} ended with code ${String(code)}:\n${output}`));
    });
  });
  const proc = (file: string): string => readFileSync(`/proc/${String(child.pid)}/${file}`, 'utf8');
  return {
    process: child,
    cpuSeconds() {
      const fields = proc('stat')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    residentMb: () => Number(/VmRSS:\s+([0-9]+)/.exec(proc('status'))?.[1]) / 1024,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}
