import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { UserId } from '../auth/user-id.ts';
import { browserFamily } from './browser-family.ts';
import type { RegisteredSession } from './registered-sessions.ts';
import { openSessionRegister, type SessionRegister } from './session-register.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const HOUR = 3_600_000;

let directory: string;
let path: string;
let now: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sessions-'));
  path = join(directory, 'deep', 'sessions.jsonl');
  now = NOW;
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function open(onProblem?: (problem: string) => void): SessionRegister {
  return openSessionRegister({ path, now: () => now, ...(onProblem === undefined ? {} : { onProblem }) });
}

function aSession(overrides: Partial<RegisteredSession> = {}): RegisteredSession {
  return {
    id: 'one',
    endpoint: 'studio',
    user: 'Zoë',
    userId: 'Zo%C3%AB' as UserId,
    method: 'BASIC',
    address: '192.0.2.1',
    browser: 'Firefox',
    signedInAtMs: now,
    endsAtMs: now + HOUR,
    ...overrides,
  };
}

test('it lists the sessions of all processes, until they are signed out or end', () => {
  const [here, there] = [open(), open()];
  expect(there.list()).toEqual([]);
  const [first, second] = [
    aSession(),
    aSession({ id: 'two', signedInAtMs: NOW + 1, endsAtMs: NOW + 2 * HOUR }),
  ];
  here.signedIn(first);
  there.signedIn(second);
  for (const register of [here, there, open()]) expect(register.list()).toEqual([second, first]);
  expect(here.find('one')).toEqual(first);
  there.signedOut('one');
  expect([here.find('one'), here.list()]).toEqual([undefined, [second]]);
  now += 2 * HOUR;
  expect([here.find('two'), here.list()]).toEqual([undefined, []]);
});

test('the file is readable by its owner only, one line of JSON per event', () => {
  const register = open();
  register.signedIn(aSession());
  register.signedOut('one');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe(
    '{"in":"one","endpoint":"studio","user":"Zoë","userId":"Zo%C3%AB","method":"BASIC","address":"192.0.2.1","browser":"Firefox","at":"2026-01-31T12:00:00.000Z","ends":"2026-01-31T13:00:00.000Z"}\n{"out":"one","at":"2026-01-31T12:00:00.000Z"}\n',
  );
});

test('lines that are not understood are skipped, and an incomplete one is read once it is complete', () => {
  const register = open();
  register.signedIn(aSession());
  appendFileSync(path, 'nonsense\n{"in":5}\n\n{"out":"on');
  expect(register.list()).toHaveLength(1);
  appendFileSync(path, 'e"}\n');
  expect(register.list()).toEqual([]);
});

test('10,000 sessions cost little: neither a sign-in nor a list reads all of them again', () => {
  const register = open();
  for (let at = 0; at < 10_000; at += 1) register.signedIn(aSession({ id: `s${at}` }));
  expect(register.list()).toHaveLength(10_000);
  const begun = performance.now();
  for (let at = 0; at < 50; at += 1) {
    register.signedIn(aSession({ id: `t${at}` }));
    expect(register.find(`t${at}`)).toBeDefined();
  }
  expect(performance.now() - begun).toBeLessThan(2000);
});

test('ended sessions leave the file, and other processes notice nothing', async () => {
  const [here, there] = [open(), open()];
  for (let at = 0; at < 2000; at += 1) here.signedIn(aSession({ id: `old${at}` }));
  const before = statSync(path).size;
  expect(there.list()).toHaveLength(2000);
  now += 2 * HOUR;
  here.signedIn(aSession({ id: 'new' }));
  for (let at = 0; at < 200; at += 1) there.signedIn(aSession({ id: `more${at}` }));
  await vi.waitFor(() => {
    expect(statSync(path).size).toBeLessThan(before / 4);
  });
  here.signedIn(aSession({ id: 'last' }));
  for (const register of [here, there]) expect(register.list()).toHaveLength(202);
});

test('a full disk or a missing right is reported; the sign-in goes on', () => {
  path = '/dev/null/none/sessions.jsonl';
  const problems: string[] = [];
  open((problem) => problems.push(problem)).signedIn(aSession());
  expect(problems).toEqual([expect.stringContaining('/dev/null/none')]);
});

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
    'Chrome',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0',
    'Edge',
  ],
  ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15', 'Safari'],
  [
    'Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0 Mobile/15E148 Safari/604.1',
    'Chrome',
  ],
  [
    'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 OPR/120.0.0.0',
    'Opera',
  ],
  ['curl/8.9.1', 'other'],
  [undefined, 'other'],
])('the family of %j is %s', (userAgent, family) => {
  expect(browserFamily(userAgent)).toBe(family);
});
