import { afterEach, beforeEach, expect, test } from 'vitest';
import { BASIC, configDirectory, type ConfigDirectory } from '../../test/config/config-file.ts';
import { run } from '../../test/config/run-command.ts';
import { openAccessTokens } from '../access-token/open-access-tokens.ts';
import type { UserId } from '../auth/user-id.ts';
import { openRevocations } from '../revocation/open-revocations.ts';
import { openSessionRegister } from '../revocation/session-register.ts';
import { accessToken } from './access-token.ts';
import type { Command } from './context.ts';
import { revoke } from './revoke.ts';
import { sessions } from './sessions.ts';

let directory: ConfigDirectory;
beforeEach(() => {
  directory = configDirectory();
  directory.write('comfy-tenant.yaml', BASIC);
});
afterEach(() => {
  directory.remove();
});

const call = (command: Command, ...args: string[]) => run(command, { cwd: directory.path, args });
const place = (name: string): string => `${directory.path}/.comfy-tenant/${name}`;

function register(id: string, user: string): void {
  openSessionRegister({ path: place('sessions.jsonl'), now: Date.now }).signedIn({
    ...{ id, endpoint: 'studio', user, userId: user as UserId, method: 'BASIC' },
    ...{ address: '192.0.2.1', browser: 'Firefox' },
    ...{ signedInAtMs: Date.now() - 1000, endsAtMs: Date.now() + 3_600_000 },
  });
}

function isRevoked(sessionId: string, user: string): boolean {
  const revocations = openRevocations({ path: place('revocations.json'), now: Date.now });
  revocations.close();
  const of = { endpoint: 'studio', userId: user as UserId, sessionId, issuedAtMs: Date.now() - 1000 };
  return revocations.isRevoked(of);
}

test('sessions lists who is signed in; revoke ends one session, or all of a user', async () => {
  for (const [id, user] of [
    ['one', 'alice'],
    ['two', 'alice'],
    ['three', 'carol'],
  ] as const)
    register(id, user);
  expect((await call(sessions)).out).toHaveLength(4);
  expect((await call(sessions, '--user', 'carol')).out[1]).toMatch(
    /^three +carol +studio +192\.0\.2\.1 +Firefox /,
  );
  const { code, out } = await call(revoke, '--session', 'one');
  expect({ code, out }).toEqual({ code: 0, out: ['The session of alice at studio has ended.'] });
  expect(['one', 'two'].map((id) => isRevoked(id, 'alice'))).toEqual([true, false]);
  const all = await call(revoke, '--user', 'alice');
  expect(all.code).toBe(0);
  expect(all.out[1]).toMatch(/^The password of alice is still valid at /);
  expect([isRevoked('two', 'alice'), isRevoked('three', 'carol')]).toEqual([true, false]);
  const { out: json } = await call(sessions, '--json');
  const listed = JSON.parse(json.join('\n')) as { sessions: { id: string }[] };
  expect(listed.sessions.map(({ id }) => id)).toEqual(['three']);
});

test.each<[string[], number, string]>([
  [[], 64, 'expected --user, --session or --issued-before'],
  [['--session', 'x', '--user', 'alice'], 64, '--session takes no other option'],
  [['--issued-before', 'yesterday'], 64, 'must be a time with a time zone'],
  [['--issued-before', '2999-01-01T00:00:00Z'], 1, 'is in the future'],
  [['--session', 'unknown'], 1, 'there is no session unknown'],
  [['--user', 'alice', '--endpoint', 'none'], 78, 'there is no endpoint none: choose one of '],
  [['--user', 'alice', '--config', 'none.yaml'], 78, 'none.yaml'],
])('revoke %j ends with %i', async (args, code, message) => {
  const ran = await call(revoke, ...args);
  expect(ran.code).toBe(code);
  expect(ran.err.join('\n')).toContain(message);
});

test('access-token creates, lists and revokes', async () => {
  const created = await call(
    accessToken,
    'create',
    '--user',
    'alice',
    '--name',
    'render script',
    '--ttl',
    '30d',
  );
  expect(created.code).toBe(0);
  const [text = ''] = created.out;
  const tokens = openAccessTokens({ path: place('access-tokens.json'), now: Date.now });
  await tokens.close();
  const token = tokens.find(text);
  expect(token).toMatchObject({ user: 'alice', userId: 'alice', name: 'render script' });
  const listed = (await call(accessToken, 'list')).out.join('\n');
  expect(listed).toContain('render script');
  expect(listed).not.toContain(token?.digest);
  const { code, out } = await call(accessToken, 'revoke', token?.id ?? '');
  expect({ code, out }).toEqual({ code: 0, out: ['The access token render script of alice is revoked.'] });
  expect(isRevoked(token?.id ?? '', 'alice')).toBe(true);
  expect((await call(accessToken, 'list')).err).toEqual(['No access tokens.']);
});

test.each<[string[], number, string]>([
  [[], 64, 'expected create, list or revoke <id>'],
  [['create', '--user', 'alice'], 64, 'create needs --user and --name'],
  [['create', '--user', 'stranger', '--name', 'x'], 1, 'has no user stranger'],
  [['create', '--user', 'alice', '--name', 'x', '--ttl', '366d'], 1, 'longer than accessTokens.maxAge'],
  [['revoke', 'at-none'], 1, 'there is no access token at-none'],
])('access-token %j ends with %i', async (args, code, message) => {
  const ran = await call(accessToken, ...args);
  expect(ran.code).toBe(code);
  expect(ran.err.join('\n')).toContain(message);
});
