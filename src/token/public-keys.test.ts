import { existsSync, mkdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { makeSigningKey } from './ed25519-keys.ts';
import { publishKeys } from './public-keys.ts';

const [KEY, OTHER] = [makeSigningKey(), makeSigningKey()];
let directory: ReturnType<typeof aDirectory>;
beforeEach(() => {
  directory = aDirectory();
});
afterEach(() => {
  directory.remove();
});

const file = (name = 'comfyui.json'): string => join(directory.path, 'public', name);
const read = (name?: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'));
const published = (audience: string, keys = [KEY]) => ({
  audience,
  keys: keys.map(({ publicJwk }) => publicJwk),
});
const write = (name: string, content: unknown): void => {
  mkdirSync(join(directory.path, 'public'), { recursive: true });
  directory.write(`public/${name}`, typeof content === 'string' ? content : JSON.stringify(content));
};

test('each ComfyUI gets its own file, which others can read, in a folder that others can list', () => {
  const umask = process.umask(0o077);
  try {
    publishKeys(
      [
        { file: file(), audience: 'a' },
        { file: file('comfyui-b.json'), audience: 'b' },
      ],
      [KEY, OTHER],
    );
  } finally {
    process.umask(umask);
  }
  expect(read()).toEqual(published('a', [KEY, OTHER]));
  expect(read('comfyui-b.json')).toEqual(published('b', [KEY, OTHER]));
  expect(statSync(file()).mode & 0o777).toBe(0o644);
  expect(statSync(join(directory.path, 'public')).mode & 0o777).toBe(0o755);
});

test('no private part is ever published', () => {
  publishKeys([{ file: file(), audience: 'a' }], [KEY]);
  const { d = '' } = KEY.privateKey.export({ format: 'jwk' });
  expect(readFileSync(file(), 'utf8')).not.toContain(d);
  expect(readFileSync(file(), 'utf8')).not.toContain('"d"');
});

test('without files nothing is written', () => {
  publishKeys([], [KEY]);
  expect(existsSync(join(directory.path, 'public'))).toBe(false);
});

test('a file that is already right is not written again', () => {
  publishKeys([{ file: file(), audience: 'a' }], [KEY]);
  utimesSync(file(), 1000, 1000);
  publishKeys([{ file: file(), audience: 'a' }], [KEY]);
  expect(statSync(file()).mtimeMs).toBe(1_000_000);
  publishKeys([{ file: file(), audience: 'a' }], [OTHER]);
  expect(read()).toEqual(published('a', [OTHER]));
});

test('a file under an earlier name is kept up to date for the ComfyUI that still reads it, and no other', () => {
  write('comfyui-old.json', published('a'));
  write('comfyui-gone.json', published('gone'));
  publishKeys(
    [
      { file: file('comfyui-b.json'), audience: 'b' },
      { file: file(), audience: 'a' },
    ],
    [OTHER, KEY],
  );
  expect(read('comfyui-old.json')).toEqual(published('a', [OTHER, KEY]));
  expect(read('comfyui-gone.json')).toEqual(published('gone'));
});

test('the files of the current names keep their own audiences', () => {
  write('comfyui.json', published('b'));
  const files = [
    { file: file('comfyui-b.json'), audience: 'b' },
    { file: file(), audience: 'a' },
  ];
  publishKeys(files, [KEY]);
  expect(read()).toEqual(published('a'));
  expect(read('comfyui-b.json')).toEqual(published('b'));
});

test.each([
  ['notes.json', { audience: 'a' }],
  ['comfyui.json.bak', { audience: 'a' }],
  ['my-comfyui.json', { audience: 'a' }],
  ['comfyui-Old.json', { audience: 'a' }],
  ['comfyui-old.json', { audience: null }],
  ['comfyui-old.json', 'null'],
  ['comfyui-old.json', '{'],
])('the file %s with %j is left alone', (name, content) => {
  write(name, content);
  const before = readFileSync(file(name), 'utf8');
  publishKeys([{ file: file(), audience: 'a' }], [KEY]);
  expect(readFileSync(file(name), 'utf8')).toBe(before);
});

test('a folder that cannot be written is an error with its cause and a fix', () => {
  directory.write('public', 'a file');
  let found: unknown;
  try {
    publishKeys([{ file: file(), audience: 'a' }], [KEY]);
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(Error);
  const { message, cause } = found as Error;
  expect(message).toMatch(
    /^comfyui\.publicKeyDir: cannot write ComfyUI's comfyui\.json in .*\/public \(E[A-Z]+\): use a folder that the service can write to$/,
  );
  expect(cause).toBeInstanceOf(Error);
});

test('a file that gets another audience is named, as a ComfyUI that still reads it accepts the new one', () => {
  expect(publishKeys([{ file: file(), audience: 'a' }], [KEY])).toEqual([]);
  expect(publishKeys([{ file: file(), audience: 'a' }], [OTHER])).toEqual([]);
  expect(publishKeys([{ file: file(), audience: 'b' }], [OTHER])).toEqual([
    `${file()} is now for the ComfyUIs of another set of upstreams than before. A ComfyUI that is no longer in the ` +
      'configuration and still reads this file accepts tokens meant for them: stop it, or remove its COMFY_TENANT_KEY_FILE',
  ]);
  expect(publishKeys([{ file: file(), audience: 'b' }], [OTHER])).toEqual([]);
});
