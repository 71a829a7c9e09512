import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadedConfig } from './load.ts';
import { watchConfig } from './watch.ts';

const HASH = '$2b$04$WCbJcsJcsJcsJcsJcsJcseWCbJcsJcsJcsJcsJcsJcsJcsJcsJcsJ';
const config = (name: string): string => `endpoints:
  - name: ${name}
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, usersFile: users.htpasswd }
`;

let directory: string;
let file: string;
let ending: AbortController;
let seen: { loaded: LoadedConfig; at: number }[];
let watching: Promise<void>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watch-'));
  file = join(directory, 'comfy-tenant.yaml');
  writeFileSync(join(directory, 'users.htpasswd'), `alice:${HASH}\n`);
  ending = new AbortController();
  seen = [];
});

afterEach(async () => {
  ending.abort();
  await watching;
  rmSync(directory, { recursive: true });
});

function watch(): void {
  const onChange = (loaded: LoadedConfig): void => void seen.push({ loaded, at: Date.now() });
  watching = watchConfig({ file, env: {}, onChange, signal: ending.signal });
}

/** What is told within a second of a change; the wait goes on a little, so that a second telling would be seen. */
async function toldAfter(change: () => void | Promise<void>): Promise<LoadedConfig[]> {
  await sleep(250);
  await change();
  const changedAt = Date.now();
  await sleep(1200);
  for (const { at } of seen) expect(at - changedAt).toBeLessThan(1000);
  return seen.splice(0).map(({ loaded }) => loaded);
}

function names(told: readonly LoadedConfig[]): (string | undefined)[] {
  return told.map((loaded) => (loaded.ok ? loaded.config.endpoints[0]?.name : loaded.faults[0]));
}

test('a file that is saved by rename, as editors do, is taken', async () => {
  writeFileSync(file, config('one'));
  watch();
  const told = await toldAfter(() => {
    writeFileSync(`${file}.new`, config('two'));
    renameSync(`${file}.new`, file);
  });
  expect(names(told)).toEqual(['two']);
});

test('a file that is truncated and then written in pieces is taken once, whole', async () => {
  writeFileSync(file, config('one'));
  watch();
  const told = await toldAfter(async () => {
    const text = config('two');
    writeFileSync(file, '');
    for (const end of [20, 60, 100, text.length]) {
      await sleep(100);
      writeFileSync(file, text.slice(0, end));
    }
  });
  expect(names(told)).toEqual(['two']);
});

test('a symbolic link swapped above the file, as Kubernetes does, is taken', async () => {
  for (const name of ['one', 'two']) {
    mkdirSync(join(directory, `..${name}`));
    writeFileSync(join(directory, `..${name}`, 'comfy-tenant.yaml'), config(name));
  }
  symlinkSync('..one', join(directory, '..data'));
  symlinkSync('..data/comfy-tenant.yaml', file);
  watch();
  const told = await toldAfter(() => {
    symlinkSync('..two', join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  });
  expect(names(told)).toEqual(['two']);
});

test('a change of the users file is a new revision', async () => {
  writeFileSync(file, config('one'));
  watch();
  const told = await toldAfter(() => {
    writeFileSync(join(directory, 'users.htpasswd'), `alice:${HASH}\nbob:${HASH}\n`);
  });
  expect(names(told)).toEqual(['one']);
});

test('a faulty file is told with its faults, and the mended one again though it is what was served', async () => {
  writeFileSync(file, config('one'));
  watch();
  const faulty = await toldAfter(() => {
    writeFileSync(file, config('Not A Name'));
  });
  expect(names(faulty)).toEqual([
    `${file}:2:11 endpoints[0].name: must be 1 to 40 of a-z, 0-9 and -, such as studio`,
  ]);
  const mended = await toldAfter(() => {
    writeFileSync(file, config('one'));
  });
  expect(names(mended)).toEqual(['one']);
});

test('a users file that comes back after it was missing mends the configuration', async () => {
  writeFileSync(file, config('one'));
  watch();
  const missing = await toldAfter(() => {
    unlinkSync(join(directory, 'users.htpasswd'));
  });
  expect(missing.map(({ ok }) => ok)).toEqual([false]);
  const back = await toldAfter(() => {
    writeFileSync(join(directory, 'users.htpasswd'), `alice:${HASH}\n`);
  });
  expect(names(back)).toEqual(['one']);
});

test('a file that is only touched, or written with the same text, is not told', async () => {
  writeFileSync(file, config('one'));
  watch();
  const told = await toldAfter(() => {
    writeFileSync(file, config('one'));
  });
  expect(told).toEqual([]);
});

test('a change between loading and watching is told', async () => {
  writeFileSync(file, config('one'));
  const onChange = (loaded: LoadedConfig): void => void seen.push({ loaded, at: Date.now() });
  watching = watchConfig({ file, env: {}, revision: '000000000000', onChange, signal: ending.signal });
  expect(names(seen.map(({ loaded }) => loaded))).toEqual(['one']);
  await Promise.resolve();
});
