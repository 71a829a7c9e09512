import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BCRYPT } from '../config/config-file.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const TSX = join(import.meta.dirname, '../../node_modules/.bin/tsx');

interface Ended {
  readonly code: number | null;
  readonly err: string;
}

function call(args: readonly string[], stdin = 'sesame-and-tulip\n'): Promise<Ended> {
  const child = spawn(TSX, [MAIN, ...args], { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  child.stdin.end(stdin);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, err });
    });
  });
}

/** Runs mount or umount; where it is impossible, as without root, the test fails with the reason. */
function must(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

let directory: string;
let mounts: string[];
beforeEach(() => {
  mounts = [];
  directory = mkdtempSync(join(tmpdir(), 'full-'));
});
afterEach(() => {
  for (const mount of mounts.reverse()) must('umount', mount);
  rmSync(directory, { recursive: true });
});

const usersFile = (): string => join(directory, 'users.htpasswd');
const many = Array.from({ length: 380 }, (_, n) => `user-${n}:${BCRYPT}\n`).join('');
const add = (name: string): Promise<Ended> =>
  call(['user', 'add', name, '--file', usersFile(), '--password-stdin', '--bcrypt']);

function smallDisk(): void {
  must('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory);
  mounts.push(directory);
}

/** Leaves no more than this free. */
function fillUp(freeBytes: number): void {
  const filler = Buffer.alloc(4096);
  for (let n = 0; ; n++) {
    try {
      writeFileSync(join(directory, `filler-${n}`), filler);
    } catch {
      rmSync(join(directory, `filler-${n}`)); // Cut short, perhaps empty.
      for (let back = 1; back * 4096 <= freeBytes; back++) rmSync(join(directory, `filler-${n - back}`));
      return;
    }
  }
}

test.each([0, 4096, 16_384])(
  'user add on a disk with %i bytes free changes nothing and reports it',
  async (free) => {
    smallDisk();
    writeFileSync(usersFile(), many);
    fillUp(free);
    const { code, err } = await add('alice');
    expect(err).toContain(usersFile());
    expect(err).toContain('the disk is full: free some space and try again');
    expect(code).toBe(74);
    expect(readFileSync(usersFile(), 'utf8')).toBe(many);
    expect(readdirSync(directory).filter((name) => !name.startsWith('filler'))).toEqual(['users.htpasswd']);
  },
);

test('no command leaves a partial file on a full disk', async () => {
  smallDisk();
  fillUp(0);
  const before = readdirSync(directory);
  for (const args of [['init'], ['token', '--init', 'dev.jwk']]) {
    const { code, err } = await call(args);
    expect(err).toContain('the disk is full');
    expect(code).toBe(74);
  }
  expect(readdirSync(directory)).toEqual(before);
});

test('writing output to a full disk ends with an error', async () => {
  const { status, stderr } = spawnSync('sh', ['-c', `${TSX} ${MAIN} --help > /dev/full`], {
    encoding: 'utf8',
  });
  expect(stderr).toContain('the output could not be written completely');
  expect(status).toBe(74);
  await Promise.resolve();
});

test('a users file that is a mount point is not replaced, and the error says what to do', async () => {
  writeFileSync(usersFile(), many);
  must('mount', '--bind', usersFile(), usersFile());
  mounts.push(usersFile());
  const { code, err } = await add('alice');
  expect(err).toContain('mount its directory instead of the single file');
  expect(code).toBe(74);
  expect(readFileSync(usersFile(), 'utf8')).toBe(many);
});

test('eight processes adding users in parallel lose none', async () => {
  writeFileSync(usersFile(), many);
  const names = Array.from({ length: 8 }, (_, n) => `new-${n}`);
  const ended = await Promise.all(names.map(add));
  expect(ended.map(({ code, err }) => ({ code, err }))).toEqual(names.map(() => ({ code: 0, err: '' })));
  const text = readFileSync(usersFile(), 'utf8');
  expect(text.startsWith(many)).toBe(true);
  for (const name of names) expect(text).toContain(`\n${name}:$2`);
  expect(readdirSync(directory)).toEqual(['users.htpasswd']);
});
