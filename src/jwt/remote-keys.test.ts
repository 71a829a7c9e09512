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
  const check = async (key: SigningKey) =>
    (await verifyToken(await aToken(key), { rules: rules(), keys: source }, Date.now())).kind;
  return { state, source, check };
}

test('keys are fetched at startup, and the first token waits for them', async () => {
  const { check, state } = anIssuer();
  expect(await check(first)).toBe('claims');
  expect(state.fetches).toBe(1);
});

test('tokens with a new key cause one shared fetch', async () => {
  const { check, state } = anIssuer();
  await check(first);
  state.keys = [first, second];
  expect(await Promise.all([check(second), check(second), check(second)])).toEqual([
    'claims',
    'claims',
    'claims',
  ]);
  expect(state.fetches).toBe(2);
});

test('unknown keys cause at most one fetch per cooldown', async () => {
  const { check, state } = anIssuer();
  await check(first);
  for (let count = 0; count < 20; count++) expect(await check(second)).toBe('deny');
  expect(state.fetches).toBe(2);
  vi.setSystemTime(Date.now() + 30_001);
  await check(second);
  expect(state.fetches).toBe(3);
});

test('keys are refreshed before they expire, within bounds', async () => {
  const { check, state } = anIssuer({}, 300_000);
  await check(first);
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

test('cached keys stay in use while the issuer is down, up to the limit, and recovery is automatic', async () => {
  const { check, state, source } = anIssuer({ maxStaleMs: 3_000_000 });
  await check(first);
  state.down = true;
  await vi.advanceTimersByTimeAsync(3_599_000);
  expect(await check(first)).toBe('claims');
  expect(source.problem).toBe('https://login.example.com/jwks.json: connection refused');
  await vi.advanceTimersByTimeAsync(2000);
  expect(await check(first)).toBe('unavailable');
  state.down = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await check(first)).toBe('claims');
  expect(source.problem).toBeUndefined();
});

test('with maxStale 0 keys are used for their lifetime, refreshed before its end, and no longer', async () => {
  const { check, state } = anIssuer({ maxStaleMs: 0 }, 300_000);
  await check(first);
  await vi.advanceTimersByTimeAsync(230_000);
  expect(await check(first)).toBe('claims');
  await vi.advanceTimersByTimeAsync(230_000);
  expect(await check(first)).toBe('claims');
  expect(state.fetches).toBe(2);
  state.down = true;
  await vi.advanceTimersByTimeAsync(79_000);
  expect(await check(first)).toBe('claims');
  await vi.advanceTimersByTimeAsync(2000);
  expect(await check(first)).toBe('unavailable');
});

test('until keys have been fetched, checks are unavailable', async () => {
  const { check } = anIssuer({ fetchKeys: () => Promise.reject(new Error('down')) });
  expect(await check(first)).toBe('unavailable');
});

test('a withdrawn key no longer verifies, and the generation changes', async () => {
  const { check, state, source } = anIssuer();
  await check(first);
  const { generation } = source;
  state.keys = [second];
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await check(first)).toBe('deny');
  expect(source.generation).toBe(generation + 1);
});

test('a closed source stops fetching', async () => {
  const { check, state, source } = anIssuer();
  await check(first);
  source.close();
  await vi.advanceTimersByTimeAsync(10_000_000);
  expect(state.fetches).toBe(1);
});

test('setting the clock back does not extend the use of keys while the issuer is down', async () => {
  const { check, state } = anIssuer({ maxStaleMs: 60_000 }, 300_000);
  expect(await check(first)).toBe('claims');
  state.down = true;
  vi.setSystemTime(Date.now() - 3_600_000);
  expect(await check(first)).toBe('claims');
  await vi.advanceTimersByTimeAsync(361_000);
  expect(await check(first)).toBe('unavailable');
});

test('an issuer that answers no usable key is one without keys, and is asked again soon', async () => {
  const keys: SigningKey['jwk'][] = [];
  const { source } = anIssuer({
    fetchKeys: () => Promise.resolve({ jwks: { keys: [...keys] }, maxAgeMs: undefined }),
  });
  await source.refresh();
  expect(source.current()).toBeUndefined();
  expect(source.generation).toBe(0);
  expect(source.problem).toContain('no usable key');
  keys.push(first.jwk);
  await vi.advanceTimersByTimeAsync(1000);
  expect(source.current()).toBeDefined();
  expect(source.problem).toBeUndefined();
});

test('an issuer that withdraws all its keys ends them at once', async () => {
  const { state, source, check } = anIssuer();
  expect(await check(first)).toBe('claims');
  const { generation } = source;
  state.keys = [];
  await source.refresh();
  expect(source.generation).toBe(generation + 1);
  expect(source.current()).toBeUndefined();
  expect(await check(first)).toBe('unavailable');
});
