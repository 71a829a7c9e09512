import type { JSONWebKeySet } from 'jose';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { rules } from '../../test/support/jwt-method.ts';
import { aKey, aToken, type SigningKey } from '../../test/support/tokens.ts';
import { createRemoteKeys, type RemoteKeysOptions } from './remote-keys.ts';
import { verifyToken } from './verify-token.ts';

let first: SigningKey;
let second: SigningKey;
beforeAll(async () => {
  first = await aKey('ES256', 'first');
  second = await aKey('ES256', 'second');
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function anIssuer(changes: Partial<RemoteKeysOptions> = {}, maxAgeMs?: number) {
  const state = { keys: [first], fetches: 0, down: false, maxAgeMs };
  const source = createRemoteKeys({
    now: Date.now,
    cooldownMs: 30_000,
    maxStaleMs: 86_400_000,
    onFetch: () => undefined,
    fetchKeys() {
      state.fetches++;
      const jwks: JSONWebKeySet = { keys: state.keys.map(({ jwk }) => jwk) };
      if (state.down)
        return Promise.reject(new Error('https://login.example.com/jwks.json: connection refused'));
      return Promise.resolve({ jwks, maxAgeMs: state.maxAgeMs });
    },
    ...changes,
  });
  const judge = async (key: SigningKey) =>
    (await verifyToken(await aToken(key), { rules: rules(), keys: source }, Date.now())).kind;
  return { state, source, judge };
}

test('keys are fetched at the start, and a first token waits for them', async () => {
  const { judge, state } = anIssuer();
  expect(await judge(first)).toBe('claims');
  expect(state.fetches).toBe(1);
});

test('a token of a new key causes one fetch for everybody', async () => {
  const { judge, state } = anIssuer();
  await judge(first);
  state.keys = [first, second];
  expect(await Promise.all([judge(second), judge(second), judge(second)])).toEqual([
    'claims',
    'claims',
    'claims',
  ]);
  expect(state.fetches).toBe(2);
});

test('unknown keys cause at most one fetch in a cooldown', async () => {
  const { judge, state } = anIssuer();
  await judge(first);
  for (let count = 0; count < 20; count++) expect(await judge(second)).toBe('deny');
  expect(state.fetches).toBe(2);
  vi.setSystemTime(Date.now() + 30_001);
  await judge(second);
  expect(state.fetches).toBe(3);
});

test('keys are fetched again ahead of their expiry, within bounds', async () => {
  const { judge, state } = anIssuer({}, 300_000);
  await judge(first);
  await vi.advanceTimersByTimeAsync(239_000);
  expect(state.fetches).toBe(1);
  state.maxAgeMs = 1;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(state.fetches).toBe(2);
  await vi.advanceTimersByTimeAsync(46_000);
  expect(state.fetches).toBe(2);
  state.maxAgeMs = 10 ** 9;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(state.fetches).toBe(3);
  await vi.advanceTimersByTimeAsync(3_600_000 * 0.8 + 1000);
  expect(state.fetches).toBe(4);
});

test('old keys serve on while the issuer is down, up to the limit, and it heals by itself', async () => {
  const { judge, state, source } = anIssuer({ maxStaleMs: 3_000_000 });
  await judge(first);
  state.down = true;
  await vi.advanceTimersByTimeAsync(3_599_000);
  expect(await judge(first)).toBe('claims');
  expect(source.problem).toBe('https://login.example.com/jwks.json: connection refused');
  await vi.advanceTimersByTimeAsync(2000);
  expect(await judge(first)).toBe('unavailable');
  state.down = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await judge(first)).toBe('claims');
  expect(source.problem).toBeUndefined();
});

test('without any maxStale keys serve for their own age, refreshed ahead of it, and not a moment longer', async () => {
  const { judge, state } = anIssuer({ maxStaleMs: 0 }, 300_000);
  await judge(first);
  await vi.advanceTimersByTimeAsync(230_000);
  expect(await judge(first)).toBe('claims');
  await vi.advanceTimersByTimeAsync(230_000);
  expect(await judge(first)).toBe('claims');
  expect(state.fetches).toBe(2);
  state.down = true;
  await vi.advanceTimersByTimeAsync(79_000);
  expect(await judge(first)).toBe('claims');
  await vi.advanceTimersByTimeAsync(2000);
  expect(await judge(first)).toBe('unavailable');
});

test('while keys were never reached nothing is judged', async () => {
  const { judge } = anIssuer({ fetchKeys: () => Promise.reject(new Error('down')) });
  expect(await judge(first)).toBe('unavailable');
});

test('a key that the issuer withdraws counts no more, and the change can be seen', async () => {
  const { judge, state, source } = anIssuer();
  await judge(first);
  const { generation } = source;
  state.keys = [second];
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await judge(first)).toBe('deny');
  expect(source.generation).toBe(generation + 1);
});

test('a closed source fetches no more', async () => {
  const { judge, state, source } = anIssuer();
  await judge(first);
  source.close();
  await vi.advanceTimersByTimeAsync(10_000_000);
  expect(state.fetches).toBe(1);
});

test('a clock that is set back does not keep the keys of an issuer that is down any longer', async () => {
  const { judge, state } = anIssuer({ maxStaleMs: 60_000 }, 300_000);
  expect(await judge(first)).toBe('claims');
  state.down = true;
  vi.setSystemTime(Date.now() - 3_600_000);
  expect(await judge(first)).toBe('claims');
  await vi.advanceTimersByTimeAsync(361_000);
  expect(await judge(first)).toBe('unavailable');
});

test('an issuer that answers no usable key is one without keys, and is asked again soon', async () => {
  const keys: SigningKey['jwk'][] = [];
  const { source } = anIssuer({
    fetchKeys: () => Promise.resolve({ jwks: { keys: [...keys] }, maxAgeMs: undefined }),
  });
  await source.refresh();
  expect(source.current()).toBeUndefined();
  expect(source.generation).toBe(0);
  expect(source.problem).toContain('no key that can be used');
  keys.push(first.jwk);
  await vi.advanceTimersByTimeAsync(1000);
  expect(source.current()).toBeDefined();
  expect(source.problem).toBeUndefined();
});

test('an issuer that withdraws all its keys ends them at once', async () => {
  const { state, source, judge } = anIssuer();
  expect(await judge(first)).toBe('claims');
  const { generation } = source;
  state.keys = [];
  await source.refresh();
  expect(source.generation).toBe(generation + 1);
  expect(source.current()).toBeUndefined();
  expect(await judge(first)).toBe('unavailable');
});
