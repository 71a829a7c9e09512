import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditEvent } from '../auth/audit-event.ts';
import type { Allow } from '../auth/decision.ts';
import type { UserId } from '../auth/user-id.ts';
import { openRevocations, type OpenRevocations } from '../revocation/open-revocations.ts';
import { endSession } from './end-session.ts';
import type { PortalParts } from './portal-context.ts';
import type { Visit } from './visit.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const DAY = 86_400_000;
const alice = 'alice' as UserId;

let directory: string;
let nowMs: number;
let revocations: OpenRevocations;
let events: AuditEvent[];
let signedOut: string[];
let errors: unknown[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'end-session-'));
  nowMs = NOW;
  revocations = openRevocations({ path: join(directory, 'revocations.json'), now: () => nowMs });
  [events, signedOut, errors] = [[], [], []];
});
afterEach(() => {
  revocations.close();
  rmSync(directory, { recursive: true });
});

const who: Allow = {
  kind: 'allow',
  identity: { userId: alice, operator: false, forwardedClaims: [], access: undefined, sessionId: 'one' },
  session: { id: 'one', user: 'alice', signedInAtMs: NOW - DAY, expiresAtMs: NOW + DAY, endsAtMs: NOW + DAY },
};

function end({ everywhere }: { everywhere: boolean }): Promise<boolean> {
  const parts = {
    revocations,
    register: { list: () => [], signedOut: (id: string) => signedOut.push(id) },
    audit: (event: AuditEvent) => events.push(event),
    now: () => nowMs,
    onError: (error: unknown) => errors.push(error),
  } as unknown as PortalParts;
  const visit = {
    endpoint: { name: 'studio', limits: { ttlMs: DAY, maxAgeMs: 7 * DAY } },
    address: '192.0.2.1',
  } as unknown as Visit;
  return endSession(parts, visit, { who, everywhere });
}

const anAccessToken = { endpoint: 'studio', userId: alice, sessionId: 'at-1', issuedAtMs: NOW - 1000 };

test('signing out everywhere ends access tokens for good, although they live longer than sessions', async () => {
  expect(await end({ everywhere: true })).toBe(true);
  expect(revocations.isRevoked(anAccessToken)).toBe(true);
  expect(events.map(({ event }) => event)).toEqual(['revoked', 'signed-out']);
  nowMs = NOW + 300 * DAY;
  // Each change drops the entries that concern nothing any more.
  await revocations.revoke({ userId: 'bob' as UserId, sessionId: 'two', untilMs: nowMs + DAY });
  expect(revocations.isRevoked(anAccessToken)).toBe(true);
  expect(revocations.isRevoked({ ...anAccessToken, issuedAtMs: nowMs })).toBe(false);
});

test('signing out here ends this session only', async () => {
  expect(await end({ everywhere: false })).toBe(true);
  expect(revocations.isRevoked({ ...anAccessToken, sessionId: 'one' })).toBe(true);
  expect(revocations.isRevoked(anAccessToken)).toBe(false);
  expect([signedOut, errors]).toEqual([['one'], []]);
});
