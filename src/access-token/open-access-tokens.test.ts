import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuditEvent } from '../auth/audit-event.ts';
import type { UserId } from '../auth/user-id.ts';
import { someRevocations } from '../../test/support/revocations.ts';
import { createAccountTokens, type TokenOwner } from './account-tokens.ts';
import { createToken } from './edit-access-tokens.ts';
import { openAccessTokens, type AccessTokens } from './open-access-tokens.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const DAY = 86_400_000;
const OWNER: TokenOwner = { endpoint: 'studio', user: 'alice', userId: 'alice' as UserId, sessionId: 's' };

let directory: string;
let path: string;
let now: number;
let opened: AccessTokens[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'access-tokens-'));
  path = join(directory, 'access-tokens.json');
  now = NOW;
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  rmSync(directory, { recursive: true });
});

function open(flushEveryMs = 3_600_000): AccessTokens {
  const one = openAccessTokens({ path, now: () => now, everyMs: 10, flushEveryMs });
  opened.push(one);
  return one;
}

async function aToken(tokens: AccessTokens, name = 'script') {
  const { endpoint, user, userId } = OWNER;
  const environment = { change: tokens.change, now: () => now, randomBytes };
  const result = await createToken({ endpoint, user, userId, name, lifetimeMs: DAY }, environment);
  if (result.kind === 'refused') throw new Error(result.fault);
  return result;
}

function account(tokens = open()) {
  const events: AuditEvent[] = [];
  const revocations = someRevocations();
  const options = { tokens, revocations, now: () => now, randomBytes, maxLifetimeMs: () => 365 * DAY };
  return {
    events,
    revocations,
    ...createAccountTokens({ ...options, audit: (event) => events.push(event) }),
  };
}

test('a token works at once here, soon in other processes, and after a restart; the file has only its hash', async () => {
  const [here, there] = [open(), open()];
  const { text, token } = await aToken(here);
  expect(here.find(text)).toEqual(token);
  await vi.waitFor(() => {
    expect([there.find(text)?.id, there.generation]).toEqual([token.id, 1]);
  });
  expect(open().find(text)?.id).toBe(token.id);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).not.toContain(text.slice(3, 30));
});

test('a token that another process has just created works before the next look at the file', async () => {
  const slow = openAccessTokens({ path, now: () => now, everyMs: 3_600_000 });
  opened.push(slow);
  const { text } = await aToken(open());
  const before = slow.generation;
  expect(slow.find(text)).toMatchObject({ user: 'alice' });
  expect(slow.generation).toBe(before + 1);
});

test('last uses of two processes are both written, later, and change no generation', async () => {
  const [here, there] = [open(), open()];
  const tokens = [await aToken(here, 'one'), await aToken(here, 'two')];
  const [one, two] = tokens.map(({ token }) => token.id) as [string, string];
  await vi.waitFor(() => {
    expect(there.all).toHaveLength(2);
  });
  const { generation } = there;
  now = NOW + 5000;
  here.used(one);
  there.used(two);
  now = NOW + 3000;
  there.used(one);
  expect(readFileSync(path, 'utf8')).not.toContain('lastUsed');
  await here.close();
  await there.close();
  const third = open();
  expect(third.all.map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual([NOW + 5000, NOW + 5000]);
  expect([here.generation, there.generation, third.generation]).toEqual([2, generation, 0]);
});

test('a last use that cannot be written is kept and written later', async () => {
  const tokens = open(20);
  const { token } = await aToken(tokens);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, 'broken');
  tokens.used(token.id);
  await vi.waitFor(() => {
    expect(tokens.problem).toContain('is not valid JSON');
  });
  writeFileSync(path, text);
  await vi.waitFor(() => {
    expect(readFileSync(path, 'utf8')).toContain('"lastUsed":"2026-01-31T12:00:00.000Z"');
  });
});

test('the account page creates, lists and revokes tokens of its user only', async () => {
  const page = account();
  const bob = { ...OWNER, user: 'bob', userId: 'bob' as UserId };
  const created = await page.create(OWNER, { name: 'script', lifetimeMs: DAY });
  if (created.kind === 'refused') throw new Error(created.fault);
  expect(page.list(OWNER)).toEqual([
    {
      id: created.token.id,
      name: 'script',
      createdAtMs: NOW,
      expiresAtMs: NOW + DAY,
      lastUsedAtMs: undefined,
    },
  ]);
  expect(page.list(bob)).toEqual([]);
  expect(await page.revoke(bob, created.token.id)).toBe(false);
  expect(page.list(OWNER)).toHaveLength(1);
  expect(await page.revoke(OWNER, created.token.id)).toBe(true);
  expect(page.list(OWNER)).toEqual([]);
  expect(page.events.map(({ event }) => event)).toEqual(['access-token-created', 'access-token-revoked']);
  expect(JSON.stringify(page.events)).not.toContain(created.text);
  // Its WebSockets are closed like those of a session.
  expect(page.revocations.isRevoked({ ...OWNER, sessionId: created.token.id })).toBe(true);
});

test('a token of a user of whom everything was revoked is listed as revoked', async () => {
  const page = account();
  await page.create(OWNER, { name: 'script', lifetimeMs: DAY });
  const [listed] = page.list(OWNER);
  expect(page.isRevoked(OWNER, listed!)).toBe(false);
  await page.revocations.revoke({ userId: OWNER.userId, issuedBeforeMs: NOW + 1, untilMs: NOW + DAY });
  expect(page.isRevoked(OWNER, listed!)).toBe(true);
});

test.each<[string, Partial<TokenOwner>, { name: string; lifetimeMs: number }, string]>([
  ['made with an access token', { sessionId: 'at-1' }, { name: 'x', lifetimeMs: DAY }, 'sign in first'],
  ['that lives too long', {}, { name: 'x', lifetimeMs: 366 * DAY }, 'must expire within 365 days'],
  ['that never ends', {}, { name: 'x', lifetimeMs: Number.NaN }, 'must expire within 365 days'],
  ['without a name', {}, { name: '', lifetimeMs: DAY }, 'The name must be 1 to 60 characters'],
  ['with a line break in its name', {}, { name: 'a\nb', lifetimeMs: DAY }, 'The name must be'],
  [
    'with a name in use',
    {},
    { name: 'taken', lifetimeMs: DAY },
    'already an access token with the name taken',
  ],
])('the account page refuses a token %s', async (_, owner, wanted, fault) => {
  const page = account();
  await page.create(OWNER, { name: 'taken', lifetimeMs: DAY });
  const result = await page.create({ ...OWNER, ...owner }, wanted);
  expect(result).toEqual({ kind: 'refused', fault: expect.stringContaining(fault) as string });
});
