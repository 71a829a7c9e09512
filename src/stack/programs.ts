import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { explainSystemError } from '../errors/system-error.ts';
import { lastLines, type Env } from '../install/run-program.ts';

export interface ProgramSpec {
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Env;
  readonly cwd: string;
  /** Both outputs go here; begun anew. */
  readonly logFile: string;
}

export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves at its end with one sentence on it. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** The last lines of its log. */
  lastWords(): string[];
  stop(): Promise<void>;
}

/** Long-running programs that end with this one, however it ends. */
export interface Programs {
  /** @throws Error when it cannot be run */
  start(spec: ProgramSpec): Promise<Program>;
  /** Ends all of them, the youngest first; returns how many were running. */
  stopAll(): Promise<number>;
}

const TERM_MS = 8000;
const LAST_WORDS = 10;

// Its standard input closes when we are gone, even by SIGKILL; it then ends the process groups that we named.
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

function watch(): { say(change: '+' | '-', group: number): void; close(): void } {
  const dog = spawn('/bin/sh', ['-c', WATCHDOG], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  dog.unref();
  // It is gone only when somebody killed it; the programs are still ended in the ordinary way then.
  dog.stdin.on('error', () => undefined);
  return {
    say: (change, group) => void dog.stdin.write(`${change} ${group}\n`),
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
    // A group of its own: Ctrl-C in the terminal reaches us alone, and we end it in order.
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
    lastWords: () => lastLines(readFileSync(logFile, 'utf8'), LAST_WORDS),
    async stop() {
      if (over) return;
      signalGroup(pid, 'SIGTERM');
      const late = setTimeout(() => {
        signalGroup(pid, 'SIGKILL');
      }, TERM_MS);
      await ended;
      clearTimeout(late);
      // What it started itself and left behind.
      signalGroup(pid, 'SIGKILL');
    },
  };
}

/** Opens a place to start long-running programs in; `stopAll` closes it. */
export function openPrograms(): Programs {
  const watchdog = watch();
  const running: Program[] = [];
  return {
    async start(spec) {
      const child = launch(spec);
      const pid = await spawned(child, spec);
      watchdog.say('+', pid);
      const program = supervise(child, pid, spec);
      running.push(program);
      void program.ended.then(() => {
        watchdog.say('-', pid);
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
