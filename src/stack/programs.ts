import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { explainSystemError } from '../errors/system-error.ts';
import { lastLines, type Env } from '../install/run-program.ts';

export interface ProgramSpec {
  /** Its name in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Env;
  readonly cwd: string;
  /** Receives stdout and stderr; truncated first. */
  readonly logFile: string;
}

export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it ends, with one sentence that says how. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** The last lines of its log. */
  lastLogLines(): string[];
  stop(): Promise<void>;
}

/** Long-running programs that end when this process ends, even by SIGKILL. */
export interface Programs {
  /** @throws Error if it cannot be run */
  start(spec: ProgramSpec): Promise<Program>;
  /** Stops all of them, the latest first; returns how many were running. */
  stopAll(): Promise<number>;
}

const TERM_MS = 8000;
const LAST_LINES = 10;

// Its standard input closes when this process ends, even by SIGKILL; it then ends the process groups it was given.
const WATCHDOG = `
trap '' INT HUP TERM
groups=
while read -r change group; do
  case $change in
    +) groups="$groups $group" ;;
    -) rest=; for one in $groups; do [ "$one" = "$group" ] || rest="$rest $one"; done; groups=$rest ;;
  esac
done
for group in $groups; do kill -TERM "-$group" 2>/dev/null; done
[ -z "$groups" ] || sleep 3
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
`;

function startWatchdog(): { send(change: '+' | '-', group: number): void; close(): void } {
  const dog = spawn('/bin/sh', ['-c', WATCHDOG], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  dog.unref();
  // Only if it was killed; the programs are then still stopped by `stopAll`.
  dog.stdin.on('error', () => undefined);
  return {
    send: (change, group) => void dog.stdin.write(`${change} ${group}\n`),
    close: () => void dog.stdin.end(),
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function spawned(child: ChildProcess, { name, command }: ProgramSpec): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const why = explainSystemError(error) ?? `${command}: ${error.message}`;
      reject(new Error(`${name} cannot be run: ${why}`, { cause: error }));
    });
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
  });
}

function launch({ command, args, env, cwd, logFile }: ProgramSpec): ChildProcess {
  makeFolder(dirname(logFile));
  const log = openSync(logFile, 'w', 0o600);
  try {
    // Own process group: Ctrl-C in the terminal reaches only us, and we stop it in order.
    return spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

function supervise(child: ChildProcess, pid: number, { name, logFile }: ProgramSpec): Program {
  const startedAt = Date.now();
  let over = false;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      over = true;
      const how = signal === null ? `with code ${String(code)}` : `by ${signal}`;
      resolve(`${name} ended ${how} after ${Math.round((Date.now() - startedAt) / 1000)} s`);
    });
  });
  return {
    name,
    pid,
    logFile,
    ended,
    hasEnded: () => over,
    lastLogLines: () => lastLines(readFileSync(logFile, 'utf8'), LAST_LINES),
    async stop() {
      if (over) return;
      signalGroup(pid, 'SIGTERM');
      const late = setTimeout(() => {
        signalGroup(pid, 'SIGKILL');
      }, TERM_MS);
      await ended;
      clearTimeout(late);
      // Child processes that it left behind.
      signalGroup(pid, 'SIGKILL');
    },
  };
}

/** Creates a supervisor for long-running programs; `stopAll` ends it. */
export function openPrograms(): Programs {
  const watchdog = startWatchdog();
  const running: Program[] = [];
  return {
    async start(spec) {
      const child = launch(spec);
      const pid = await spawned(child, spec);
      watchdog.send('+', pid);
      const program = supervise(child, pid, spec);
      running.push(program);
      void program.ended.then(() => {
        watchdog.send('-', pid);
      });
      return program;
    },
    async stopAll() {
      const left = running.filter((program) => !program.hasEnded());
      for (const program of left.toReversed()) await program.stop();
      watchdog.close();
      return left.length;
    },
  };
}
