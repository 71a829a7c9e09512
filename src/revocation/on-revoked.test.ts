import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { aDirectory } from '../../test/support/temp-dir.ts';
import type { UserId } from '../auth/user-id.ts';
import { addRevocations, openRevocations } from './open-revocations.ts';
import type { Revocation } from './revocations.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const [alice, bob] = ['alice' as UserId, 'bob' as UserId];

let directory: ReturnType<typeof aDirectory>;
beforeEach(() => {
  directory = aDirectory();
});
afterEach(() => {
  directory.remove();
});

const everything = (overrides: Partial<Revocation> = {}): Revocation => ({
  userId: alice,
  issuedBeforeMs: NOW,
  untilMs: NOW + 86_400_000,
  ...overrides,
});

test('others learn once what was added, and what was not added here', async () => {
  const path = join(directory.path, 'revocations.json');
  const [added, elsewhere]: [(string | undefined)[][], (string | undefined)[][]] = [[], []];
  const users = (entries: readonly Revocation[]) => entries.map(({ userId }) => userId);
  const revocations = openRevocations({
    path,
    now: () => NOW,
    everyMs: 10,
    onRevoked(all, byOthers) {
      added.push(users(all));
      elsewhere.push(users(byOthers));
    },
  });
  await revocations.revoke(everything());
  await revocations.revoke(everything());
  await revocations.revoke(everything({ userId: bob }), everything({ issuedBeforeMs: NOW + 1 }));
  expect(added).toEqual([['alice'], ['alice', 'bob']]);
  expect(elsewhere).toEqual([[], []]);
  await addRevocations(path, [everything({ sessionId: 'two' })], NOW);
  await vi.waitFor(() => {
    expect(elsewhere).toEqual([[], [], ['alice']]);
  });
  revocations.close();
});
