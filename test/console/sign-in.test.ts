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

describe('signing in', () => {
  const fields = async (someone = visitor(started.port)) => ({
    someone,
    form: { token: tokenIn(await someone.get('/console/sign-in')), name: 'ines', password: PASSWORD },
  });
  beforeAll(() => signedIn(started, 'administrator', 'ines'));

  test('the printed address leads to the first page', async () => {
    const fresh = await startConsole();
    const { headers, status } = await visitor(fresh.port).get('/console/');
    expect([status, headers['location']]).toEqual([303, '/console']);
    expect((await visitor(fresh.port).get('/console')).status).toBe(303);
    await fresh.close();
  });

  test('gives a cookie that scripts and other sites cannot use', async () => {
    const { someone, form } = await fields();
    const reply = await someone.post('/console/sign-in', form);
    expect(reply.status).toBe(303);
    const cookie = String(reply.headers['set-cookie']);
    expect(cookie).toMatch(/comfy_console_session=[\w-]{43}; Path=\/console; HttpOnly; SameSite=Strict/);
    expect((await someone.get('/console/status')).status).toBe(200);
  });

  test('gives a new cookie, whatever the browser had before (fixation)', async () => {
    const { someone, form } = await fields();
    const planted = 'A'.repeat(43);
    someone.cookies.set('comfy_console_session', planted);
    await someone.post('/console/sign-in', form);
    expect(someone.cookies.get('comfy_console_session')).not.toBe(planted);
    const other = visitor(started.port);
    other.cookies.set('comfy_console_session', planted);
    expect((await other.get('/console/status')).status).toBe(303);
  });

  test('needs the token of a form that this browser got (login CSRF)', async () => {
    const { form } = await fields();
    const victim = visitor(started.port);
    expect((await victim.post('/console/sign-in', form)).status).toBe(400);
    expect(victim.cookies.has('comfy_console_session')).toBe(false);
  });

  test('refuses two cookies of the same name', async () => {
    const { someone, form } = await fields();
    await someone.post('/console/sign-in', form);
    const own = someone.cookies.get('comfy_console_session') ?? '';
    const both = `comfy_console_session=${own}; comfy_console_session=${'B'.repeat(43)}`;
    expect((await visitor(started.port).get('/console/status', { cookie: both })).status).toBe(303);
  });

  test('out ends the session for every copy of the cookie', async () => {
    const { someone, form } = await fields();
    await someone.post('/console/sign-in', form);
    const copy = visitor(started.port);
    copy.cookies.set('comfy_console_session', someone.cookies.get('comfy_console_session') ?? '');
    const token = tokenIn(await someone.get('/console/status'));
    await someone.post('/console/sign-out', { token });
    expect((await copy.get('/console/status')).status).toBe(303);
  });

  test('lasts 30 minutes without use', async () => {
    const { someone, form } = await fields();
    await someone.post('/console/sign-in', form);
    clock.ms += 30 * 60_000;
    expect((await someone.get('/console/status')).status).toBe(303);
    clock.ms -= 30 * 60_000;
  });

  test('a removed account is signed out at once', async () => {
    const someone = await signedIn(started, 'viewer', 'leaver');
    const { accountsCodec } = await import('../../src/console/accounts-codec.ts');
    const { changeSharedFile } = await import('../../src/files/shared-file.ts');
    await changeSharedFile({ path: accountsFile(), codec: accountsCodec }, (state) => ({
      ...state,
      accounts: state.accounts.filter(({ name }) => name !== 'leaver'),
    }));
    expect((await someone.get('/console/status')).status).toBe(303);
  });

  test('is delayed after failures, and then refuses the right password too', async () => {
    await signedIn(started, 'viewer', 'target');
    const { someone, form } = await fields();
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      const reply = await someone.post('/console/sign-in', {
        ...form,
        name: 'target',
        password: `guess ${tries}`,
      });
      statuses.push(reply.status);
    }
    expect(statuses.at(-1)).toBe(429);
    const right = await someone.post('/console/sign-in', { ...form, name: 'target' });
    expect(right.status).toBe(429);
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('is audited with who and from where, without passwords', () => {
    const events = started.events();
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'console-signed-in', user: 'ines', address: '127.0.0.1' }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'console-refused', reason: 'password-wrong', address: '127.0.0.1' }),
    );
    expect(started.logged()).not.toContain(PASSWORD);
    expect(started.logged()).not.toContain('guess');
  });
});
