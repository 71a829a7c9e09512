import { spawn } from 'node:child_process';

/** Environment variables. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly env: Env;
  readonly cwd?: string;
  /** Ends the program; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with each whole line of standard output. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  /** 127 if there is no such program, as in a shell. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function wholeLines(onLine: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}

/** Runs a program to its end and returns what it wrote. */
export function runProgram(
  command: string,
  args: readonly string[],
  { env, cwd, signal, onLine }: RunOptions,
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    const feed = onLine === undefined ? undefined : wholeLines(onLine);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      feed?.(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', (error) => {
      if (signal?.aborted === true) reject(error);
      else resolve({ code: 127, stdout, stderr: error.message });
    });
    child.once('close', (code) => {
      resolve({ code: code ?? 1, stdout, stderr });
    });
  });
}

/** The last non-blank lines, for a message. */
export function lastLines(text: string, count: number): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}
