import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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

/** A lock as this machine writes it, of another process. */
async function lockOf(pid: number): Promise<string> {
  const own = await withFileLock(lock, () => readFileSync(lock, 'utf8'));
  return own.replace(/^\S+ \S+/, `${pid} ${startOf(pid)}`);
}

function startOf(pid: number): string {
  if (pid !== 1) return '1';
  return (
    readFileSync('/proc/1/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19] ?? ''
  );
}

function deadPid(): number {
  return spawnSync('true').pid;
}

/** The name of the lock under which the lock with this content is removed. */
function removing(content: string): string {
  return `${lock}.${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
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

test('the lock exists until asynchronous work has ended', async () => {
  const work = async (): Promise<boolean> => {
    await Promise.resolve();
    return existsSync(lock);
  };
  expect(await withFileLock(lock, work)).toBe(true);
  expect(readdirSync(directory)).toEqual([]);
});

test('the lock of a killed process is removed', async () => {
  writeFileSync(lock, await lockOf(deadPid()));
  expect(await withFileLock(lock, () => 'done')).toBe('done');
  expect(readdirSync(directory)).toEqual([]);
});

test('the lock of a killed process is removed even if its id belongs to a new process', async () => {
  writeFileSync(lock, (await lockOf(1)).replace(/^1 \S+/, '1 4242424242'));
  expect(await withFileLock(lock, () => 'done')).toBe('done');
});

test('the lock of a killed process of version 0.1 is removed', async () => {
  writeFileSync(lock, `${deadPid()}\n`);
  expect(await withFileLock(lock, () => 'done')).toBe('done');
  expect(readdirSync(directory)).toEqual([]);
});

test('a process that was killed while it removed such a lock does not keep others out', async () => {
  const [first, second, third] = [await lockOf(deadPid()), await lockOf(deadPid()), await lockOf(deadPid())];
  writeFileSync(lock, first);
  writeFileSync(removing(first), second);
  const again = removing(first).slice(lock.length) + removing(second).slice(lock.length);
  writeFileSync(`${lock}${again}`, third);
  expect(await withFileLock(lock, () => 'done')).toBe('done');
  expect(readdirSync(directory)).toEqual([]);
});

test('while another process removes the lock of a killed one, nothing is taken', async () => {
  const [dead, alive] = [await lockOf(deadPid()), await lockOf(1)];
  writeFileSync(lock, dead);
  writeFileSync(removing(dead), alive);
  await expect(withFileLock(lock, () => 'done', { timeoutMs: 50 })).rejects.toThrow('another change');
  expect(readFileSync(lock, 'utf8')).toBe(dead);
});

test('many processes that find the lock of a killed one hold it one after the other', async () => {
  writeFileSync(lock, await lockOf(deadPid()));
  let inside = 0;
  const work = async (): Promise<number> => {
    inside += 1;
    const seen = inside;
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    return seen;
  };
  const all = await Promise.all(
    Array.from({ length: 10 }, () => withFileLock(lock, work, { timeoutMs: 60_000 })),
  );
  expect(new Set(all)).toEqual(new Set([1]));
  expect(readdirSync(directory)).toEqual([]);
});

test.each([
  ['a process that runs', async () => lockOf(1)],
  [
    'a dead process of another machine',
    async () => (await lockOf(deadPid())).replace(/^(\S+ \S+) \S+/, '$1 elsewhere'),
  ],
  ['a process of version 0.1', () => Promise.resolve('1\n')],
  ['an unknown process', () => Promise.resolve('')],
])('withFileLock waits for the lock of %s and never removes it', async (_, content) => {
  const held = await content();
  writeFileSync(lock, held);
  await expect(withFileLock(lock, () => 'done', { timeoutMs: 50 })).rejects.toThrow(
    `${lock}: another change is in progress, nothing was changed: try again`,
  );
  expect(readFileSync(lock, 'utf8')).toBe(held);
});
