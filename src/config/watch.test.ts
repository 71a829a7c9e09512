import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
let seen: LoadedConfig[];
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

/** Polls only when the test triggers it. */
let nextLook: () => void;
let looked: Promise<void>;
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    nextLook = resolve;
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
    reached();
  });
}
let reached: () => void;

/** One look of the watch, to its end. */
async function look(): Promise<void> {
  looked = new Promise((resolve) => (reached = resolve));
  nextLook();
  await looked;
}

function watch(): void {
  const onChange = (loaded: LoadedConfig): void => void seen.push(loaded);
  reached = () => undefined;
  watching = watchConfig({ file, env: {}, onChange, signal: ending.signal, pause });
}

/** Returns the reported states; a change is loaded at the second poll that sees it unchanged. */
const LOOKS = 4;

async function reportedAfter(change: () => void | Promise<void>): Promise<LoadedConfig[]> {
  await look();
  await change();
  for (let n = 0; n < LOOKS; n += 1) await look();
  return seen.splice(0);
}

function names(reported: readonly LoadedConfig[]): (string | undefined)[] {
  return reported.map((loaded) => (loaded.ok ? loaded.config.endpoints[0]?.name : loaded.faults[0]));
}

test('a file that is saved by rename, as editors do, is loaded', async () => {
  writeFileSync(file, config('one'));
  watch();
  const reported = await reportedAfter(() => {
    writeFileSync(`${file}.new`, config('two'));
    renameSync(`${file}.new`, file);
  });
  expect(names(reported)).toEqual(['two']);
});

test('a file that is truncated and then written in pieces is loaded once, complete', async () => {
  writeFileSync(file, config('one'));
  watch();
  const reported = await reportedAfter(async () => {
    const text = config('two');
    writeFileSync(file, '');
    for (const end of [20, 60, 100, text.length]) {
      await look();
      writeFileSync(file, text.slice(0, end));
    }
  });
  expect(names(reported)).toEqual(['two']);
});

test('a symbolic link swapped above the file, as Kubernetes does, is detected', async () => {
  for (const name of ['one', 'two']) {
    mkdirSync(join(directory, `..${name}`));
    writeFileSync(join(directory, `..${name}`, 'comfy-tenant.yaml'), config(name));
  }
  symlinkSync('..one', join(directory, '..data'));
  symlinkSync('..data/comfy-tenant.yaml', file);
  watch();
  const reported = await reportedAfter(() => {
    symlinkSync('..two', join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  });
  expect(names(reported)).toEqual(['two']);
});

test('a change of the users file is a new revision', async () => {
  writeFileSync(file, config('one'));
  watch();
  const reported = await reportedAfter(() => {
    writeFileSync(join(directory, 'users.htpasswd'), `alice:${HASH}\nbob:${HASH}\n`);
  });
  expect(names(reported)).toEqual(['one']);
});

test('an invalid file is reported with its errors, and the fixed one again, although it equals the one in use', async () => {
  writeFileSync(file, config('one'));
  watch();
  const faulty = await reportedAfter(() => {
    writeFileSync(file, config('Not A Name'));
  });
  expect(names(faulty)).toEqual([
    `${file}:2:11 endpoints[0].name: must be 1 to 40 of a-z, 0-9 and -, such as studio`,
  ]);
  const fixed = await reportedAfter(() => {
    writeFileSync(file, config('one'));
  });
  expect(names(fixed)).toEqual(['one']);
});

test('a users file that reappears makes the configuration valid again', async () => {
  writeFileSync(file, config('one'));
  watch();
  const missing = await reportedAfter(() => {
    unlinkSync(join(directory, 'users.htpasswd'));
  });
  expect(missing.map(({ ok }) => ok)).toEqual([false]);
  const back = await reportedAfter(() => {
    writeFileSync(join(directory, 'users.htpasswd'), `alice:${HASH}\n`);
  });
  expect(names(back)).toEqual(['one']);
});

test('a file that is only touched, or rewritten with the same text, is not reported', async () => {
  writeFileSync(file, config('one'));
  watch();
  const reported = await reportedAfter(() => {
    writeFileSync(file, config('one'));
  });
  expect(reported).toEqual([]);
});

test('a change between loading and watching is reported', async () => {
  writeFileSync(file, config('one'));
  const onChange = (loaded: LoadedConfig): void => void seen.push(loaded);
  watching = watchConfig({ file, env: {}, revision: '000000000000', onChange, signal: ending.signal });
  expect(names(seen)).toEqual(['one']);
  await Promise.resolve();
});

test('the default interval loads a change within a second', async () => {
  writeFileSync(file, config('one'));
  const reported = new Promise<LoadedConfig>((resolve) => {
    watching = watchConfig({ file, env: {}, onChange: resolve, signal: ending.signal });
  });
  writeFileSync(file, config('two'));
  // The watch does not keep a process alive by itself.
  const alive = setInterval(() => undefined, 1000);
  expect(names([await reported])).toEqual(['two']);
  clearInterval(alive);
});
