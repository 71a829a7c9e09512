import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG, PASSWORD, signedIn, startConsole, tokenIn, visitor } from './start-console.ts';

type Started = Awaited<ReturnType<typeof startConsole>>;

let started: Started;
const clock = { ms: 0 };

beforeAll(async () => {
  started = await startConsole(CONFIG, { clock });
});
afterAll(() => started.close());

const accountsFile = (): string => join(started.directory, '.comfy-tenant/console-accounts.json');

async function formOf(link: string, someone = visitor(started.port)) {
  const page = await someone.get(`/console/setup?link=${link}`);
  return { someone, page, fields: { token: tokenIn(page), link, name: 'nora', password: PASSWORD } };
}

test('without an administrator, the console only says how to get a link', async () => {
  const fresh = await startConsole();
  const reply = await visitor(fresh.port).get('/console/sign-in');
  expect(reply.text).toContain('comfy-tenant console link');
  expect(reply.text).not.toContain('<form');
  await fresh.close();
});

describe('a one-time link', () => {
  test('makes an account, whose file only its owner can read and which holds no password', async () => {
    await signedIn(started, 'administrator', 'first');
    expect(statSync(accountsFile()).mode & 0o777).toBe(0o600);
    const text = readFileSync(accountsFile(), 'utf8');
    expect(text).toContain('$argon2id$');
    expect(text).not.toContain(PASSWORD);
  });

  test('works once', async () => {
    const link = await started.accounts.createLink({ role: 'viewer' });
    const { someone, fields } = await formOf(link);
    expect((await someone.post('/console/setup', { ...fields, name: 'once' })).status).toBe(303);
    const again = visitor(started.port);
    expect((await again.get(`/console/setup?link=${link}`)).status).toBe(403);
    expect((await someone.post('/console/setup', { ...fields, name: 'twice' })).status).toBe(403);
    expect(started.accounts.list().map(({ name }) => name)).not.toContain('twice');
  });

  test('used by several browsers at once makes one account', async () => {
    const link = await started.accounts.createLink({ role: 'viewer' });
    const forms = await Promise.all([1, 2, 3, 4].map(() => formOf(link)));
    const replies = await Promise.all(
      forms.map(({ someone, fields }, at) => someone.post('/console/setup', { ...fields, name: `p${at}` })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([303, 403, 403, 403]);
    expect(started.accounts.list().filter(({ name }) => /^p\d$/.test(name))).toHaveLength(1);
  });

  test('expires after 30 minutes, also for a form that was opened before', async () => {
    const link = await started.accounts.createLink({ role: 'viewer' });
    const { someone, fields } = await formOf(link);
    clock.ms += 30 * 60_000;
    const reply = await someone.post('/console/setup', fields);
    clock.ms -= 30 * 60_000;
    expect(reply.status).toBe(403);
    expect(started.accounts.list().map(({ name }) => name)).not.toContain('nora');
  });

  test('ends when a newer one is made', async () => {
    const link = await started.accounts.createLink({ role: 'viewer' });
    await started.accounts.createLink({ role: 'viewer' });
    expect((await visitor(started.port).get(`/console/setup?link=${link}`)).status).toBe(403);
  });

  test('does not take over an account of the same name', async () => {
    await signedIn(started, 'administrator', 'owner');
    const link = await started.accounts.createLink({ role: 'administrator' });
    const { someone, fields } = await formOf(link);
    const before = readFileSync(accountsFile(), 'utf8');
    expect((await someone.post('/console/setup', { ...fields, name: 'owner' })).status).toBe(400);
    expect(readFileSync(accountsFile(), 'utf8')).toBe(before);
  });

  test('for a new password ends the sessions of that account', async () => {
    const old = await signedIn(started, 'viewer', 'forgetful');
    const link = await started.accounts.createLink({ role: 'viewer', account: 'forgetful' });
    const { someone, fields } = await formOf(link);
    expect((await someone.post('/console/setup', { ...fields, name: 'forgetful' })).status).toBe(303);
    expect((await old.get('/console/status')).status).toBe(303);
    expect((await someone.get('/console/status')).status).toBe(200);
  });

  test.each(['short', 'x'.repeat(1100), 'with a newline\nin it'])(
    'refuses the password %j',
    async (password) => {
      const link = await started.accounts.createLink({ role: 'viewer' });
      const { someone, fields } = await formOf(link);
      expect((await someone.post('/console/setup', { ...fields, password })).status).toBe(400);
    },
  );
});
