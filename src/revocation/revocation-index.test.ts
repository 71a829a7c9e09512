import { expect, test } from 'vitest';
import type { UserId } from '../auth/user-id.ts';
import { revocationIndex } from './revocation-index.ts';
import type { Revocable, Revocation } from './revocations.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const alice = 'alice' as UserId;
const bob = 'bob' as UserId;

function aSession(overrides: Partial<Revocable> = {}): Revocable {
  return { endpoint: 'studio', userId: alice, sessionId: 'one', issuedAtMs: NOW - 1000, ...overrides };
}

function everything(overrides: Partial<Revocation> = {}): Revocation {
  return { userId: alice, issuedBeforeMs: NOW, untilMs: NOW, ...overrides };
}

test.each<[string, Partial<Revocation>, Partial<Revocable>, boolean]>([
  ['a session of the user', {}, {}, true],
  ['a JWT of the user', {}, { sessionId: undefined }, true],
  ['a session that is newer', {}, { issuedAtMs: NOW }, false],
  ['a token without an issue time', {}, { issuedAtMs: 0 }, true],
  ['a password', {}, { issuedAtMs: undefined, sessionId: undefined }, false],
  ['another user', {}, { userId: bob }, false],
  ['the endpoint', { endpoint: 'studio' }, {}, true],
  ['another endpoint', { endpoint: 'api' }, {}, false],
  ['everyone', { userId: undefined }, { userId: bob }, true],
  ['everyone of another endpoint', { userId: undefined, endpoint: 'api' }, {}, false],
  ['the session', { sessionId: 'one', issuedBeforeMs: undefined }, {}, true],
  ['another session', { sessionId: 'two', issuedBeforeMs: undefined }, {}, false],
  ['the session at another endpoint', { sessionId: 'one', endpoint: 'api' }, {}, false],
])('a revocation: %s', (_, entry, credential, expected) => {
  const isRevoked = revocationIndex([everything(entry)]);
  expect(isRevoked(aSession(credential))).toBe(expected);
});

test('a check takes no longer with 100,000 revocations than with one', () => {
  const many = Array.from({ length: 100_000 }, (_, at) => everything({ userId: `u${at}` as UserId }));
  const time = (entries: readonly Revocation[]): number => {
    const isRevoked = revocationIndex(entries);
    const begun = performance.now();
    for (let at = 0; at < 20_000; at += 1) isRevoked(aSession());
    return performance.now() - begun;
  };
  time(many);
  expect(time(many)).toBeLessThan(time([everything()]) * 20 + 500);
});
