import { hashSync } from '@node-rs/bcrypt';
import { beforeEach, expect, test } from 'vitest';
import type { UserId } from '../../src/auth/user-id.ts';
import { makeSessionKey } from '../../src/session/session-keys.ts';
import { aSessionGuard, HASHES, HOUR } from '../support/session-guard.ts';

let guard: ReturnType<typeof aSessionGuard>;
beforeEach(() => {
  guard = aSessionGuard();
});

const aSession: typeof guard.aSession = (...parts) => guard.aSession(...parts);
const sealed: typeof guard.sealed = (...parts) => guard.sealed(...parts);
const verdict: typeof guard.verdict = (...parts) => guard.verdict(...parts);

test('it ends without use, and when its time is over however much it is used', async () => {
  let cookie = await sealed();
  for (let hours = 0; hours < 7 * 24; hours += 6) {
    guard.later(6 * HOUR);
    const answer = await guard.asks(cookie);
    const isOver = hours + 6 >= 7 * 24;
    expect(answer.code).toBe(isOver ? 7 : 0);
    cookie = answer.setCookie?.replace(/;.*/, '') ?? cookie;
  }
  const unused = await sealed();
  guard.later(8 * HOUR);
  expect(await verdict(unused)).toMatchObject({ refused: 'session-expired' });
});

test('it is renewed once half of its time is over, also if the decision was cached before', async () => {
  const cookie = await sealed();
  const ask = () => guard.asks(cookie);
  expect((await ask()).setCookie).toBeUndefined();
  guard.later(4 * HOUR - 60_000);
  expect((await ask()).setCookie).toBeUndefined();
  guard.later(60_000);
  expect((await ask()).setCookie).toMatch(
    /^comfy_session=[^;]+; Path=\/; Max-Age=28(800|799); HttpOnly; SameSite=Lax$/,
  );
  expect((await ask()).headers['x-funart-comfy-userid']).toBe('alice');
});

test('it never outlives the credentials that it was made of', async () => {
  const session = aSession('alice', { endsAtMs: guard.now() + HOUR, expiresAtMs: guard.now() + HOUR });
  const cookie = await sealed(session);
  guard.later(HOUR - 2000);
  const answer = await guard.asks(cookie);
  expect([answer.code, answer.setCookie]).toEqual([0, undefined]);
  guard.later(2000);
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-expired' });
});

test('a WebSocket of a session ends with it', async () => {
  const socket = [
    ['upgrade', 'websocket'],
    ['origin', 'http://studio.example.com'],
  ] as const;
  const answer = await guard.asks(await sealed(), ...socket);
  expect(Number(answer.headers['x-envoy-upstream-stream-duration-ms'])).toBeGreaterThan(7.9 * HOUR);
  expect(Number(answer.headers['x-envoy-upstream-stream-duration-ms'])).toBeLessThanOrEqual(8 * HOUR);
});

test.each([
  ['a changed password', { alice: hashSync('tulip', 4), bob: HASHES.bob }],
  ['a removed user', { bob: HASHES.bob }],
])('%s ends it, also where it was cached', async (_, hashes) => {
  const cookie = await sealed();
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  guard.change(hashes);
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-revoked' });
});

test('stricter limits apply to sessions that exist', async () => {
  const cookie = await sealed();
  guard.change(HASHES, '{ ttl: 30m, maxAge: 1h }');
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  guard.later(HOUR / 2);
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-expired' });
});

test('a revoked session is over at once, the other one of the same user is not', async () => {
  const [one, other] = [aSession(), aSession()];
  const [cookie, kept] = [await sealed(one), await sealed(other)];
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  await guard.revocations.revoke({ endpoint: 'studio', sessionId: one.id, untilMs: one.endsAtMs });
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-revoked' });
  expect(await verdict(kept)).toEqual({ user: 'alice' });
  await guard.revocations.revoke({
    userId: 'alice' as UserId,
    issuedBeforeMs: guard.now() + 1,
    untilMs: one.endsAtMs,
  });
  expect(await verdict(kept)).toMatchObject({ refused: 'session-revoked' });
});

test('keys can be rotated: old cookies stay valid, are renewed with the new key, and end with the old one', async () => {
  const [before] = guard.keys();
  const cookie = await sealed();
  const next = makeSessionKey();
  guard.useKeys([next, before]);
  expect(await verdict(cookie)).toEqual({ user: 'alice' });
  guard.later(4 * HOUR);
  const answer = await guard.asks(cookie);
  const renewed = answer.setCookie?.replace(/;.*/, '') ?? '';
  guard.useKeys([next]);
  expect(await verdict(cookie)).toMatchObject({ refused: 'session-invalid' });
  expect(await verdict(renewed)).toEqual({ user: 'alice' });
});
