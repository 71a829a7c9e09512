import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openAuditFile, type AuditFileOptions } from './audit-file.ts';

function opened(name = 'audit.log', options: Partial<AuditFileOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  const path = join(folder, name);
  const problems: string[] = [];
  const recoveries: number[] = [];
  const file = openAuditFile(path, {
    onProblem: (problem) => problems.push(problem),
    onRecovery: (lost) => recoveries.push(lost),
    retryMs: 10,
    ...options,
  });
  onTestFinished(async () => {
    await file.close();
    rmSync(folder, { recursive: true });
  });
  const read = (from = path): string => readFileSync(from, { encoding: 'utf8', flag: 'a+' });
  const lines = (from = path): string[] => read(from).split('\n').slice(0, -1);
  return { folder, path, file, problems, recoveries, lines };
}

const soon = (assertion: () => void): Promise<void> => vi.waitFor(assertion, { timeout: 20_000 });

test('lines are appended in order, to a file that only its owner can read', async () => {
  const { path, file, lines } = opened();
  const wanted = Array.from({ length: 1000 }, (_, at) => `line ${at}`);
  for (const line of wanted) file.append(line);
  await file.close();
  expect(lines()).toEqual(wanted);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('after rotation, lines go to a new file', async () => {
  const { path, file, lines } = opened();
  file.append('before');
  await soon(() => {
    expect(lines()).toEqual(['before']);
  });
  renameSync(path, `${path}.1`);
  file.append('after');
  await file.close();
  expect([lines(`${path}.1`), lines()]).toEqual([['before'], ['after']]);
});

test('a failing disk is reported once, and the lines are written when it works again', async () => {
  const { folder, file, problems, recoveries, lines } = opened('missing/audit.log');
  file.append('first');
  await soon(() => {
    expect(problems).toHaveLength(1);
  });
  file.append('second');
  expect(file.problem).toMatch(/^audit\.file: not written; .*missing\/audit\.log: does not exist: create it/);
  mkdirSync(join(folder, 'missing'));
  await soon(() => {
    expect(recoveries).toEqual([0]);
  });
  expect(lines()).toEqual(['first', 'second']);
  expect(file.problem).toBeUndefined();
  expect(problems).toHaveLength(1);
});

test('lines beyond the limit are lost and counted', async () => {
  const { folder, file, recoveries, lines } = opened('missing/audit.log', { mostWaiting: 2 });
  for (const line of ['1', '2', '3', '4']) file.append(line);
  mkdirSync(join(folder, 'missing'));
  await soon(() => {
    expect(recoveries).toEqual([2]);
  });
  expect(lines()).toEqual(['1', '2']);
});

test('a full disk is reported and stops nothing', async () => {
  const { path, file, problems } = opened();
  symlinkSync('/dev/full', path);
  file.append('line');
  await soon(() => {
    expect(problems).toEqual([expect.stringMatching(/the disk is full: free some space .*ENOSPC, write/)]);
  });
  await file.close();
});
