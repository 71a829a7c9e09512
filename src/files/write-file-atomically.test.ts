import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileAtomically, writeFileAtomically } from './write-file-atomically.ts';

let directory: string;
const at = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atomic-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('a new file is for its owner only, whatever the umask', () => {
  const before = process.umask(0);
  try {
    writeFileAtomically(at('new'), 'text');
    writeFileAtomically(at('open'), 'text', { mode: 0o644 });
  } finally {
    process.umask(before);
  }
  expect(statSync(at('new')).mode & 0o777).toBe(0o600);
  expect(statSync(at('open')).mode & 0o777).toBe(0o644);
  expect(readdirSync(directory).sort()).toEqual(['new', 'open']);
});

test('mode, owner and group of a file that is there are kept', () => {
  writeFileSync(at('file'), 'old');
  chmodSync(at('file'), 0o640);
  // Only root may give files away.
  const [owner, group] = process.getuid!() === 0 ? [1000, 1001] : [process.getuid!(), process.getgid!()];
  chownSync(at('file'), owner, group);
  writeFileAtomically(at('file'), 'new', { mode: 0o644 });
  const { mode, uid, gid } = statSync(at('file'));
  expect([mode & 0o777, uid, gid, readFileSync(at('file'), 'utf8')]).toEqual([0o640, owner, group, 'new']);
});

test.each(['there', 'not there yet'])('symbolic links are followed to a file that is %s', (state) => {
  mkdirSync(at('real'));
  if (state === 'there') writeFileSync(at('real/file'), 'old');
  symlinkSync('real', at('data'));
  symlinkSync('data/file', at('link'));
  writeFileAtomically(at('link'), 'new');
  expect(readFileSync(at('real/file'), 'utf8')).toBe('new');
  expect(readdirSync(directory).sort()).toEqual(['data', 'link', 'real']);
});

test('a second name of the same file keeps the old content', () => {
  writeFileSync(at('file'), 'old');
  linkSync(at('file'), at('backup'));
  writeFileAtomically(at('file'), 'new');
  expect(readFileSync(at('backup'), 'utf8')).toBe('old');
});

test.each([
  ['a directory', () => directory, 'EISDIR\\).*it is a directory'],
  ['a device', () => '/dev/null', 'it is not a regular file'],
  ['a directory that is not there', () => at('none/file'), 'ENOENT): its directory does not exist'],
  ['a part of the path that is a file', () => at('file/x'), 'ENOTDIR): a part of its path is a file'],
  ['links that lead back', () => at('loop'), 'ELOOP): its symbolic links lead back'],
])('%s is refused with the reason', (_, path, reason) => {
  writeFileSync(at('file'), '');
  symlinkSync('loop', at('loop'));
  expect(() => {
    writeFileAtomically(path(), 'x');
  }).toThrow(
    new RegExp(`${path().replaceAll(/[.\\]/g, '\\$&')}: not written .*${reason.replace('):', '\\).*:')}`),
  );
});

test('create never replaces, and leaves nothing behind', () => {
  expect(createFileAtomically(at('key'), 'one')).toBe(true);
  expect(createFileAtomically(at('key'), 'two')).toBe(false);
  symlinkSync('nowhere', at('link'));
  expect(createFileAtomically(at('link'), 'three')).toBe(false);
  expect(readFileSync(at('key'), 'utf8')).toBe('one');
  expect(readdirSync(directory).sort()).toEqual(['key', 'link']);
});
