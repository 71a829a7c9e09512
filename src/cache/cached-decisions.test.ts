import { expect, test } from 'vitest';
import type { AuthMethod } from '../auth/auth-method.ts';
import { deny, type Decision } from '../auth/decision.ts';
import { encodeUserId } from '../auth/user-id.ts';
import { cacheDecisions } from './cached-decisions.ts';

const client = { address: '192.0.2.7' };
const allow = (name: string, expiresAtMs?: number): Decision => ({
  kind: 'allow',
  identity: {
    userId: encodeUserId(name)!,
    operator: false,
    forwardedClaims: [],
    access: undefined,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  },
});

function aMemory(authenticate: (text: string) => Decision | Promise<Decision>) {
  const state = { now: 1_000_000, monotonic: 0, generation: 0, authenticated: 0 };
  const method: AuthMethod = {
    name: 'BASIC',
    challenge: 'Basic',
    credentialLocations: { headers: [], cookies: [], query: [] },
    find: () => deny('credentials-missing'),
    authenticate({ text }) {
      state.authenticated++;
      return authenticate(text);
    },
  };
  const remembering = cacheDecisions(method, {
    ttlMs: 60_000,
    maxEntries: 3,
    now: () => state.now,
    monotonic: () => state.monotonic,
    generation: () => state.generation,
  });
  const ask = (text: string) => remembering.authenticate({ text, ambient: false }, client);
  return { state, ask };
}

test('the same credentials are authenticated once while they are cached', async () => {
  const { state, ask } = aMemory((text) => Promise.resolve(allow(text)));
  await ask('alice');
  expect(ask('alice')).toEqual(allow('alice'));
  state.now += 60_000;
  await ask('alice');
  expect(state.authenticated).toBe(2);
});

test('credentials that differ in their last character are authenticated apart', async () => {
  const { ask } = aMemory((text) => Promise.resolve(allow(text)));
  const long = 'x'.repeat(190);
  await ask(`${long}1`);
  expect(await ask(`${long}2`)).toEqual(allow(`${long}2`));
});

test('nothing is cached past its expiry', async () => {
  const { state, ask } = aMemory(() => allow('alice', 1_005_000));
  await ask('a');
  state.now = 1_004_999;
  await ask('a');
  expect(state.authenticated).toBe(1);
  state.now = 1_005_000;
  await ask('a');
  expect(state.authenticated).toBe(2);
});

test('a clock that is set back does not extend a cached decision', async () => {
  const { state, ask } = aMemory((text) => Promise.resolve(allow(text)));
  await ask('alice');
  state.now -= 3_600_000;
  await ask('alice');
  expect(state.authenticated).toBe(2);
  await ask('alice');
  expect(state.authenticated).toBe(2);
});

test('what expired before it was authenticated is not cached', async () => {
  const { state, ask } = aMemory(() => allow('alice', 999_000));
  await ask('a');
  await ask('a');
  expect(state.authenticated).toBe(2);
});

test('equal checks at the same time share one authentication', async () => {
  const { state, ask } = aMemory((text) => Promise.resolve(allow(text)));
  expect(await Promise.all(Array.from({ length: 50 }, async () => ask('alice')))).toHaveLength(50);
  expect(state.authenticated).toBe(1);
});

test.each<[string, string, Decision]>([
  ['a refusal of a long token', 'x'.repeat(3000), deny('signature-wrong')],
  ['a delay', 'x', { kind: 'deny', reason: 'too-many-failures', retryAfterSeconds: 1 }],
  ['a failure to authenticate', 'x', { kind: 'unavailable', cause: 'no keys' }],
])('%s is never cached', async (_, text, decision) => {
  const { state, ask } = aMemory(() => Promise.resolve(decision));
  await ask(text);
  await ask(text);
  expect(state.authenticated).toBe(2);
});

test('a denial is cached for a short time', async () => {
  const { state, ask } = aMemory(() => Promise.resolve(deny('password-wrong')));
  await ask('x');
  await ask('x');
  expect(state.authenticated).toBe(1);
  state.now += 2000;
  await ask('x');
  expect(state.authenticated).toBe(2);
});

test('a failed authentication is thrown to all who shared it, and not remembered', async () => {
  const { state, ask } = aMemory(() => Promise.reject(new Error('broken')));
  const results = await Promise.allSettled([ask('a'), ask('a')]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(ask('a')).rejects.toThrow('broken');
  expect(state.authenticated).toBe(2);
});

test('a change of keys clears the cache, including checks in progress with the old keys', async () => {
  const { state, ask } = aMemory((text) => Promise.resolve(allow(text)));
  await ask('a');
  const underWay = ask('b');
  state.generation++;
  await underWay;
  await ask('a');
  await ask('b');
  expect(state.authenticated).toBe(4);
});

test('memory is bounded: the least recently used entry is dropped first', async () => {
  const { state, ask } = aMemory((text) => Promise.resolve(allow(text)));
  for (const name of ['a', 'b', 'c', 'd']) await ask(name);
  await ask('d');
  expect(state.authenticated).toBe(4);
  await ask('a');
  expect(state.authenticated).toBe(5);
});

test('refusals, which anyone can cause, never push out a success', async () => {
  const { state, ask } = aMemory((text) => (text === 'alice' ? allow('alice') : deny('password-wrong')));
  await ask('alice');
  for (let n = 0; n < 100; n++) await ask(`guess-${n}`);
  state.authenticated = 0;
  await ask('alice');
  expect(state.authenticated).toBe(0);
  await ask('guess-99');
  expect(state.authenticated).toBe(0);
  await ask('guess-0');
  expect(state.authenticated).toBe(1);
});

test('a clock that is set back a little does not keep a success longer', async () => {
  const { state, ask } = aMemory(() => allow('alice'));
  await ask('a');
  state.now += 59_000;
  state.monotonic += 59_000;
  await ask('a');
  state.now -= 50_000;
  state.monotonic += 1000;
  state.authenticated = 0;
  await ask('a');
  expect(state.authenticated).toBe(1);
});
