import { expect, test } from 'vitest';
import type { AuthMethod } from '../auth/auth-method.ts';
import type { Decision, Identity } from '../auth/decision.ts';
import type { UserId } from '../auth/user-id.ts';
import { refuseRevoked } from './refuse-revoked.ts';
import type { Revocations } from './revocations.ts';

const CLIENT = { address: '192.0.2.1' };

function decide(
  identity: Partial<Identity>,
  revocations: Partial<Revocations>,
): Decision | Promise<Decision> {
  const decision: Decision = {
    kind: 'allow',
    identity: {
      userId: 'alice' as UserId,
      operator: false,
      forwardedClaims: [],
      access: undefined,
      ...identity,
    },
  };
  const method: AuthMethod = {
    name: 'JWT',
    challenge: 'Bearer',
    credentialLocations: { headers: [], cookies: [], query: [] },
    find: () => ({ text: 'x', ambient: false }),
    authenticate: () => decision,
  };
  const all = { generation: 0, problem: undefined, isRevoked: () => false, revoke: () => Promise.resolve() };
  return refuseRevoked(method, 'studio', { ...all, ...revocations }).authenticate(
    { text: 'x', ambient: false },
    CLIENT,
  );
}

test.each<[string, Partial<Identity>, string]>([
  ['a session', { sessionId: 'one', issuedAtMs: 1 }, 'session-revoked'],
  ['a token', { issuedAtMs: 0 }, 'token-revoked'],
])('%s that is revoked gets 401, and 503 while the revocations cannot be read', (_, identity, reason) => {
  expect(decide(identity, {})).toMatchObject({ kind: 'allow' });
  expect(decide(identity, { isRevoked: () => true })).toEqual({
    kind: 'deny',
    reason,
  });
  expect(decide(identity, { problem: 'revocations.json: is missing' })).toEqual({
    kind: 'unavailable',
    cause: 'revocations.json: is missing',
  });
});

test('a password is never revoked, and needs no file', () => {
  expect(decide({}, { isRevoked: () => true, problem: 'broken' })).toMatchObject({ kind: 'allow' });
});
