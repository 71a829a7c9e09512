import { expect, test } from 'vitest';
import type { UserId } from '../auth/user-id.ts';
import { issuedBeforeNow } from './issued-before.ts';
import type { RegisteredSession } from './registered-sessions.ts';

const NOW = Date.parse('2026-01-31T12:00:00.500Z');
const [alice, bob] = ['alice' as UserId, 'bob' as UserId];
const signedIn = (userId: UserId, signedInAtMs: number) => ({ userId, signedInAtMs }) as RegisteredSession;

test('what was issued until now is revoked, and what is issued in the next millisecond is not', () => {
  expect(issuedBeforeNow([alice], [], NOW)).toBe(NOW + 1);
  expect(issuedBeforeNow([alice], [signedIn(alice, NOW)], NOW)).toBe(NOW + 1);
  // A token of 12:00:00.9 says 12:00:00.
  expect(Math.floor((NOW + 400) / 1000) * 1000).toBeLessThan(issuedBeforeNow([alice], [], NOW));
});

test('a session that a replica with a clock ahead has registered is revoked, and a session of someone else changes nothing', () => {
  expect(issuedBeforeNow([alice], [signedIn(alice, NOW + 5000), signedIn(bob, NOW + 9000)], NOW)).toBe(
    NOW + 5001,
  );
});
