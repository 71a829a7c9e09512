import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { UserId } from '../auth/user-id.ts';
import { addRevocations, openRevocations, type RevocationsOptions } from './open-revocations.ts';
import type { Revocable, Revocation, Revocations } from './revocations.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const DAY = 86_400_000;
const alice = 'alice' as UserId;
const bob = 'bob' as UserId;

let directory: string;
let path: string;
let opened: { close(): void }[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'revocations-'));
  path = join(directory, 'deep', 'revocations.json');
  opened = [];
});
afterEach(() => {
  for (const one of opened) one.close();
  rmSync(directory, { recursive: true });
});

function open(options: Partial<RevocationsOptions> = {}): Revocations {
  const one = openRevocations({ path, now: () => NOW, everyMs: 10, ...options });
  opened.push(one);
  return one;
}

function aSession(overrides: Partial<Revocable> = {}): Revocable {
  return { endpoint: 'studio', userId: alice, sessionId: 'one', issuedAtMs: NOW - 1000, ...overrides };
}

const everything = (overrides: Partial<Revocation> = {}): Revocation => ({
  userId: alice,
  issuedBeforeMs: NOW,
  untilMs: NOW + DAY,
  ...overrides,
});

test('without a file nothing is revoked, and none is created', () => {
  const revocations = open();
  expect([revocations.problem, revocations.generation, revocations.isRevoked(aSession())]).toEqual([
    undefined,
    0,
    false,
  ]);
  expect(readdirSync(directory)).toEqual([]);
});

test('it takes effect at once here, soon in other processes, and after a restart', async () => {
  const [here, there] = [open(), open()];
  await here.revoke(everything());
  expect([here.isRevoked(aSession()), here.generation]).toEqual([true, 1]);
  await vi.waitFor(() => {
    expect([there.isRevoked(aSession()), there.generation]).toEqual([true, 1]);
  });
  expect(open().isRevoked(aSession())).toBe(true);
});

test('the file is readable by its owner only, and readable by people', async () => {
  await open().revoke(everything());
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe(
    '{"revocations":[\n{"user":"alice","issuedBefore":"2026-01-31T12:00:00.000Z","until":"2026-02-01T12:00:00.000Z"}\n]}\n',
  );
});

test('an older time never replaces a newer one', async () => {
  const revocations = open();
  await revocations.revoke(everything());
  await revocations.revoke(everything({ issuedBeforeMs: NOW - DAY, untilMs: NOW }));
  expect(revocations.isRevoked(aSession())).toBe(true);
});

test('a clock that is set back or forward revives nothing', async () => {
  let now = NOW;
  const revocations = open({ now: () => now });
  await revocations.revoke(everything());
  for (now of [NOW - 365 * DAY, NOW + 2 * DAY]) {
    await revocations.revoke(everything({ userId: bob }));
    expect(revocations.isRevoked(aSession())).toBe(true);
    expect(open({ now: () => now }).isRevoked(aSession())).toBe(true);
  }
});

test('an entry that concerns nothing any more is removed by a later change', async () => {
  let now = NOW;
  const revocations = open({ now: () => now });
  await revocations.revoke(everything());
  now += 30 * DAY;
  await revocations.revoke(everything({ userId: bob, untilMs: now }));
  expect(readFileSync(path, 'utf8')).not.toContain('alice');
});

test.each([
  ['not JSON', '{"revocations": [', 'is not valid JSON: restore it from a backup'],
  ['empty', '', 'is not valid JSON: restore it from a backup'],
  ['another format', '[]', ': Invalid input: expected object, received array: restore it from a backup'],
  ['an entry without a time', '{"revocations":[{"user":"alice"}]}', 'revocations.0.until: must be a time'],
  [
    'an entry for nothing',
    '{"revocations":[{"user":"alice","until":"2026-01-31T12:00:00Z"}]}',
    'revocations.0: must have session or issuedBefore',
  ],
  [
    'an unknown key',
    '{"revocations":[{"session":"x","until":"2026-01-31T12:00:00Z","usr":"alice"}]}',
    'Unrecognized key: "usr"',
  ],
])('a file that is %s is a problem and is never overwritten', async (_, text, problem) => {
  await open().revoke(everything());
  writeFileSync(path, text);
  const problems: (string | undefined)[] = [];
  const revocations = open({ onProblem: (found) => problems.push(found) });
  expect(revocations.problem).toContain(`${path}: `);
  expect(revocations.problem).toContain(problem);
  await expect(revocations.revoke(everything())).rejects.toThrow(problem);
  await expect(addRevocations(path, [everything()], NOW)).rejects.toThrow(problem);
  expect(readFileSync(path, 'utf8')).toBe(text);
  writeFileSync(path, '{"revocations":[]}');
  await vi.waitFor(() => {
    expect(revocations.problem).toBeUndefined();
  });
  expect(problems).toEqual([expect.stringContaining(problem), undefined]);
});

test('a file that becomes invalid or is removed while in use is a problem; what was revoked stays revoked', async () => {
  for (const spoil of [
    () => {
      writeFileSync(path, 'x');
    },
    () => {
      rmSync(path);
    },
  ]) {
    rmSync(path, { force: true });
    const revocations = open();
    await revocations.revoke(everything());
    const { generation } = revocations;
    spoil();
    await vi.waitFor(() => {
      expect(revocations.problem).toContain(path);
    });
    expect(revocations.generation).toBeGreaterThan(generation);
    expect(revocations.isRevoked(aSession())).toBe(true);
    await expect(revocations.revoke(everything())).rejects.toThrow(path);
  }
});

const WRITER = `
import { addRevocations } from ${JSON.stringify(join(import.meta.dirname, 'open-revocations.ts'))};
const [path, name, count] = process.argv.slice(1);
for (let at = 0; at < Number(count); at += 1) {
  await addRevocations(path, [{ sessionId: name + at, untilMs: ${NOW + DAY} }], ${NOW});
  process.stdout.write('x');
}
`;

function writer(name: string, count: number) {
  const args = ['--import', 'tsx', '--input-type=module', '-e', WRITER, path, name, String(count)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('processes that write at once lose no entry, even if one of them is killed', async () => {
  const counts = [writer('a', 15), writer('b', 15)].map(async (child) => {
    await once(child, 'close');
    return child.exitCode;
  });
  const victim = writer('victim', 1000);
  let written = 0;
  victim.stdout.on('data', (text: Buffer) => {
    written += text.length;
    if (written >= 5) victim.kill('SIGKILL');
  });
  await once(victim, 'close');
  expect(await Promise.all(counts)).toEqual([0, 0]);
  const revocations = open();
  expect(revocations.problem).toBeUndefined();
  const names = [
    ...Array.from({ length: 15 }, (_, at) => [`a${at}`, `b${at}`]).flat(),
    'victim0',
    `victim${written - 1}`,
  ];
  expect(names.filter((sessionId) => !revocations.isRevoked(aSession({ sessionId })))).toEqual([]);
}, 60_000);
