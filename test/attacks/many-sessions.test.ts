import { expect, test } from 'vitest';
import type { UserId } from '../../src/auth/user-id.ts';
import { aSessionGuard, HOUR } from '../support/session-guard.ts';

test('10,000 sessions are each their own user, remembered or not, and end together when their user is revoked', async () => {
  const guard = aSessionGuard();
  const cookies = await Promise.all(
    Array.from({ length: 10_000 }, (_, at) => guard.sealed(guard.aSession(at % 2 === 0 ? 'alice' : 'bob'))),
  );
  expect(new Set(cookies).size).toBe(10_000);
  const all = async (): Promise<string[]> => {
    const decisions = await Promise.all(cookies.map((cookie) => guard.verdict(cookie)));
    return decisions.map((decision) => JSON.stringify(decision));
  };
  const [alice, bob] = ['{"user":"alice"}', '{"user":"bob"}'];
  const own = cookies.map((_, at) => (at % 2 === 0 ? alice : bob));
  for (const pass of ['first', 'remembered']) expect([pass, await all()]).toEqual([pass, own]);

  await guard.revocations.revoke({
    userId: 'bob' as UserId,
    issuedBeforeMs: guard.now() + 1,
    untilMs: guard.now() + HOUR,
  });
  const after = await all();
  expect(after.filter((_, at) => at % 2 === 0)).toEqual(own.filter((_, at) => at % 2 === 0));
  expect(new Set(after.filter((_, at) => at % 2 === 1))).toEqual(
    new Set([expect.stringContaining('"refused":"session-revoked"') as string]),
  );
});
