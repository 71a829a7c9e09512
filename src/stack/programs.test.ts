import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../files/is-alive.ts';
import { openPrograms, type ProgramSpec } from './programs.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'comfy-tenant-programs-'));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

function shell(script: string, cwd: string): ProgramSpec {
  const args = ['-c', script];
  return { name: 'It', command: '/bin/sh', args, env: process.env, cwd, logFile: join(cwd, 'log') };
}

async function expectGone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid)).toBe(false);
}

test('a stop ends the program and its children', async () => {
  const cwd = folder();
  const programs = openPrograms();
  const program = await programs.start(shell('sleep 600 & echo $!; wait', cwd));
  while (program.lastLogLines().length === 0) await sleep(20);
  const grandchild = Number(program.lastLogLines()[0]);
  expect(await programs.stopAll()).toBe(1);
  expect(program.hasEnded()).toBe(true);
  await expectGone(grandchild);
});

test('a program that ends by itself says how, with its last lines', async () => {
  const programs = openPrograms();
  const program = await programs.start(
    shell('for i in 1 2 3 4 5 6 7 8 9 10 11; do echo $i; done; exit 3', folder()),
  );
  expect(await program.ended).toMatch(/^It ended with code 3 after \d+ s$/);
  expect(program.lastLogLines()).toStrictEqual(['2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
  expect(await programs.stopAll()).toBe(0);
});

test('a missing program is one clear line', async () => {
  const programs = openPrograms();
  const spec = { ...shell('', folder()), command: '/nowhere/program' };
  await expect(programs.start(spec)).rejects.toThrow(
    'It cannot be run: /nowhere/program: does not exist: create it or name another (ENOENT, spawn)',
  );
  await programs.stopAll();
});

test('programs end even if their parent is killed by SIGKILL', async () => {
  const cwd = folder();
  const script = `
    import { openPrograms } from ${JSON.stringify(new URL('./programs.ts', import.meta.url).href)};
    const spec = { name: 'It', command: '/bin/sleep', args: ['600'], env: process.env, cwd: '/', logFile: ${JSON.stringify(join(cwd, 'log'))} };
    console.log((await openPrograms().start(spec)).pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  const pid = Number(said);
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await expectGone(pid);
});
