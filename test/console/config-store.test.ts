import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openConfigStore } from '../../src/console/config-store.ts';
import { editText } from '../../src/console/edit-document.ts';
import { listBackups, readBackup } from '../../src/console/history.ts';
import { loadConfigText } from '../../src/config/load.ts';
import { aDirectory } from '../support/temp-dir.ts';
import { CONFIG } from './start-console.ts';

let directory: ReturnType<typeof aDirectory>;
let file: string;
let historyDir: string;

beforeEach(() => {
  directory = aDirectory();
  file = directory.write('comfy-tenant.yaml', CONFIG);
  historyDir = join(directory.path, 'history');
});
afterEach(() => {
  directory.remove();
});

const open = () =>
  openConfigStore({
    file,
    historyDir,
    checkText: (text) => loadConfigText(text, { file, env: {} }),
    now: () => 1_700_000_000_000,
  });

const by = { author: 'olga', reason: 'audit' };
const renamed = (text: string, name: string): string =>
  editText(text, [{ kind: 'set', path: ['endpoints', 0, 'name'], value: name }]);

test('a save replaces the file and keeps the old text with author and reason', async () => {
  const store = open();
  const result = await store.save({ ...by, before: CONFIG, text: renamed(CONFIG, 'atelier') });
  expect(result.kind).toBe('saved');
  expect(readFileSync(file, 'utf8')).toBe(CONFIG.replace('studio', 'atelier'));
  expect(listBackups(historyDir)).toEqual([
    { number: 1, replacedAt: '2023-11-14T22:13:20.000Z', ...by, text: CONFIG },
  ]);
  expect(statSync(join(historyDir, '1.json')).mode & 0o777).toBe(0o600);
  expect(statSync(historyDir).mode & 0o777).toBe(0o700);
});

test('the revision of a save is the one that the service will serve', async () => {
  const result = await open().save({ ...by, before: CONFIG, text: renamed(CONFIG, 'atelier') });
  const { loadConfig } = await import('../../src/config/load.ts');
  expect(result.kind).toBe('saved');
  expect(loadConfig(file, {})).toMatchObject({ revision: (result as { revision: string }).revision });
});

test('an invalid text changes nothing and keeps no backup', async () => {
  const text = renamed(CONFIG, 'NOT A NAME');
  const result = await open().save({ ...by, before: CONFIG, text });
  expect(result).toMatchObject({ kind: 'invalid', faults: [expect.stringContaining('endpoints[0].name')] });
  expect(readFileSync(file, 'utf8')).toBe(CONFIG);
  expect(existsSync(historyDir)).toBe(false);
});

test('a file that changed in the meantime is not overwritten', async () => {
  const other = CONFIG.replace('alice', 'carol');
  writeFileSync(file, other);
  const result = await open().save({ ...by, before: CONFIG, text: renamed(CONFIG, 'atelier') });
  expect(result).toEqual({ kind: 'conflict', current: other });
  expect(readFileSync(file, 'utf8')).toBe(other);
});

test('ten editors at once lose no edit', async () => {
  const paths = Array.from({ length: 10 }, (_, at) => `/editor-${at}/*`);
  await Promise.all(
    paths.map(async (path) => {
      const store = open();
      for (;;) {
        const before = store.read();
        const edit = { kind: 'append', path: ['endpoints', 0, 'rules'], value: { deny: [path] } } as const;
        const result = await store.save({ ...by, before, text: editText(before, [edit]) });
        if (result.kind === 'saved') return;
        expect(result.kind).toBe('conflict');
      }
    }),
  );
  const text = readFileSync(file, 'utf8');
  for (const path of paths) expect(text).toContain(path);
  expect(listBackups(historyDir).map(({ number }) => number)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
});

test('a process that is killed leaves the old or the new text, and a backup that is whole', async () => {
  const script = `
    import { openConfigStore } from ${JSON.stringify(join(import.meta.dirname, '../../src/console/config-store.ts'))};
    const [file, historyDir] = process.argv.slice(1);
    const checkText = () => ({ ok: true, revision: 'x', conceal: (text) => text });
    const store = openConfigStore({ file, historyDir, checkText, now: Date.now });
    process.stdout.write('ready');
    for (let at = 0; ; at++) {
      const before = store.read();
      const text = '# ' + at + '\\n' + '#'.repeat(300000) + '\\n# ' + at + '\\n';
      await store.save({ before, text, author: 'a', reason: 'r' });
    }`;
  for (let round = 0; round < 4; round++) {
    const args = ['--import', 'tsx', '--input-type=module', '-e', script, file, historyDir];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    while (!existsSync(historyDir) || readdirSync(historyDir).length < 5 + round * 7)
      await new Promise((resolve) => setTimeout(resolve, 3));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines[0]).toBe(lines[2]);
    expect(lines[1]).toHaveLength(300_000);
    for (const name of readdirSync(historyDir).filter((one) => one.endsWith('.json')))
      expect(readBackup(historyDir, Number.parseInt(name, 10))).toBeDefined();
  }
  expect((await open().save({ ...by, before: readFileSync(file, 'utf8'), text: CONFIG })).kind).toBe('saved');
}, 60_000);

test('where nothing can be written, the result says why and nothing has changed', async () => {
  const blocked = directory.write('blocked', '');
  historyDir = join(blocked, 'history');
  const result = await open().save({ ...by, before: CONFIG, text: renamed(CONFIG, 'atelier') });
  expect(result.kind).toBe('not-written');
  expect(result).toHaveProperty('why', expect.stringContaining('blocked'));
  expect(readFileSync(file, 'utf8')).toBe(CONFIG);
});

test('a damaged backup is left out', async () => {
  mkdirSync(historyDir);
  writeFileSync(join(historyDir, '7.json'), '{');
  expect(listBackups(historyDir)).toEqual([]);
  await open().save({ ...by, before: CONFIG, text: renamed(CONFIG, 'atelier') });
  expect(listBackups(historyDir).map(({ number }) => number)).toEqual([8]);
  chmodSync(historyDir, 0o700);
});
