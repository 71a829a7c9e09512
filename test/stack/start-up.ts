import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A `comfy-tenant` that runs as people run it. */
export interface Ran {
  readonly pid: number;
  /** All that it wrote so far, both outputs. */
  output(): string;
  /** Waits until it has written this. @throws Error with its output when it ends first */
  said(text: string): Promise<void>;
  /** Sends a signal and returns the exit code; null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

export function run(args: readonly string[], env: Record<string, string> = {}): Ran {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = true;
      resolve(code);
    });
  });
  onTestFinished(async () => {
    if (over) return;
    child.kill('SIGTERM');
    await ended;
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    async said(text) {
      while (!output.includes(text)) {
        if (over) throw new Error(`it ended without saying "${text}":\n${output}`);
        await sleep(50);
      }
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
    ended,
  };
}

/** A folder that is gone after the test. */
export function scratchFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'comfy-tenant-up-'));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}
