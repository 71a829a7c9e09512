import { beforeEach, expect, test, vi } from 'vitest';
import { aRequest, basic } from '../../test/support/requests.ts';
import { cacheDecisions } from '../cache/cached-decisions.ts';
import { createHashQueue } from './hash-queue.ts';
import { createBasicMethod } from './basic-method.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { verifyPassword } from './verify-password.ts';

// Response time reveals the work done: this test counts the work, and the benchmark measures the time.
vi.mock('./verify-password.ts', () => ({ verifyPassword: vi.fn(() => Promise.resolve(false)) }));
const verify = vi.mocked(verifyPassword);
beforeEach(() => verify.mockClear());

const KINDS = ['$argon2id$v=19$m=19456,t=2,p=1$', '$argon2id$v=19$m=65536,t=3,p=4$', '$2b$12$', '$apr1$'];
/** Half of the users have the first kind, a quarter the second, the rest the others. */
const kindOf = (n: number): string => KINDS[[0, 0, 0, 0, 1, 1, 2, 3][n % 8] ?? 0] ?? '';
const users = new Map(Array.from({ length: 800 }, (_, n) => [`user-${n}`, `${kindOf(n)}${n}`]));

function aMethod() {
  const throttle = createLoginThrottle(
    () => 1,
    () => undefined,
  );
  const hashing = createHashQueue({ parallel: 1, waiting: 1000 });
  const method = createBasicMethod({
    endpoint: 'studio',
    realm: 'studio',
    users,
    isOperator: () => false,
    accessOf: () => undefined,
    hashing,
    throttle,
  });
  const remembering = cacheDecisions(method, {
    ttlMs: 60_000,
    maxEntries: 1000,
    now: () => 0,
    monotonic: () => 0,
    generation: () => 0,
    perClient: true,
  });
  return async (name: string, password = 'wrong', address = '192.0.2.7') => {
    const credentials = remembering.find(aRequest([['authorization', basic(name, password)]]));
    if ('kind' in credentials) throw new Error('no credentials');
    const decision = await remembering.authenticate(credentials, { address });
    return decision.kind === 'deny' && decision.retryAfterSeconds !== undefined ? 'later' : decision.kind;
  };
}
/** The kinds of hashes that were worked at, each with its share. */
function shares(): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, hash] of verify.mock.calls) {
    const kind = KINDS.find((prefix) => hash.startsWith(prefix)) ?? 'other';
    found.set(kind, (found.get(kind) ?? 0) + 1 / verify.mock.calls.length);
  }
  return found;
}

test('an unknown name costs one hash of a type from the list (CVE-2026-41263, CVE-2026-85595)', async () => {
  const ask = aMethod();
  for (let n = 0; n < 800; n++) await ask(`stranger-${n}`, 'wrong', `198.51.${n >> 8}.${n & 255}`);
  expect(verify).toHaveBeenCalledTimes(800);
  const unknown = shares();
  verify.mockClear();
  for (let n = 0; n < 800; n++) await ask(`user-${n}`, 'wrong', `198.51.${n >> 8}.${n & 255}`);
  expect(verify).toHaveBeenCalledTimes(800);
  for (const [kind, share] of shares()) expect(Math.abs((unknown.get(kind) ?? 0) - share)).toBeLessThan(0.1);
});

test('the same unknown name always costs the same, like a user’s', async () => {
  const ask = aMethod();
  for (const password of ['a', 'b', 'c']) await ask('stranger', password);
  expect(new Set(verify.mock.calls.map(([, hash]) => hash)).size).toBe(1);
});

test.each([
  ['a known', 'user-4'],
  ['an unknown', 'stranger'],
])('%s name costs the same when cached, in parallel and when delayed (CVE-2026-88010)', async (_, name) => {
  const ask = aMethod();
  expect(await Promise.all([ask(name), ask(name), ask(name)])).toEqual(['deny', 'deny', 'deny']);
  expect(verify).toHaveBeenCalledTimes(1); // Equal ones at the same time share one verification.
  expect(await ask(name)).toBe('deny');
  expect(verify).toHaveBeenCalledTimes(1); // A refusal is remembered for a moment.
  for (const password of ['a', 'b', 'c', 'd']) expect(await ask(name, password)).toBe('deny');
  expect(verify).toHaveBeenCalledTimes(5);
  expect(await ask(name, 'e')).toBe('later');
  expect(verify).toHaveBeenCalledTimes(5); // Who has to wait costs nothing.
  expect(await ask(name, 'e', '198.51.100.1')).toBe('deny');
  expect(verify).toHaveBeenCalledTimes(6);
});
