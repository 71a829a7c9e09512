import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFileLock } from './file-lock.ts';

let directory: string;
let lock: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
  lock = join(directory, 'users.lock');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** The first line of a lock as this machine writes it, of another process. */
async function lineOf(pid: number): Promise<string> {
  const own = await withFileLock(lock, () => readFileSync(lock, 'utf8'));
  return own.replace(String(process.pid), String(pid));
}

function deadPid(): number {
  return spawnSync('true').pid;
}

test('the lock exists only during the work, even if the work throws', async () => {
  expect(await withFileLock(lock, () => existsSync(lock))).toBe(true);
  await expect(
    withFileLock(lock, () => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  expect(readdirSync(directory)).toEqual([]);
});

test('the lock of a killed process is removed', async () => {
  writeFileSync(lock, await lineOf(deadPid()));
  expect(await withFileLock(lock, () => 'done')).toBe('done');
  expect(readdirSync(directory)).toEqual([]);
});

test.each([
  ['a process that runs', async () => lineOf(1)],
  ['a dead process of another machine', async () => (await lineOf(deadPid())).replace(/ \S+/, ' elsewhere')],
  ['an unknown process', () => Promise.resolve('')],
])('withFileLock waits for the lock of %s and never removes it', async (_, content) => {
  const held = await content();
  writeFileSync(lock, held);
  await expect(withFileLock(lock, () => 'done', { timeoutMs: 50 })).rejects.toThrow(
    `${lock}: another change is in progress, nothing was changed: try again`,
  );
  expect(readFileSync(lock, 'utf8')).toBe(held);
});
