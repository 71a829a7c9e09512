import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CONFIG,
  PASSWORD,
  send,
  signedIn,
  startConsole,
  tokenIn,
  visitor,
  type Visitor,
} from './start-console.ts';

let started: Awaited<ReturnType<typeof startConsole>>;
let olga: Visitor;

beforeEach(async () => {
  started = await startConsole();
  olga = await signedIn(started);
});
afterEach(() => started.close());

const text = (): string => readFileSync(started.file, 'utf8');

const SETTINGS = { endpoint: 'studio', domains: '*', upstream: 'http://127.0.0.1:8188', multiTenant: 'on' };
const switchOff = (who: Visitor) => send(who, '/console/endpoints', { ...SETTINGS, multiTenant: 'off' });

test('a change is shown, deployed with a reason, live in the service, and recorded', async () => {
  await switchOff(olga);
  const page = await olga.get('/console/deploy');
  expect(page.text).toContain('<del>-    multiTenant: true</del>\n<ins>+    multiTenant: false</ins>\n');
  expect(text()).toBe(CONFIG);
  const done = await send(olga, '/console/deploy', { reason: 'maintenance' });
  expect(done.status).toBe(200);
  expect(done.text).toContain('The service uses this revision now');
  expect(text()).toBe(CONFIG.replace('multiTenant: true', 'multiTenant: false'));
  const ready = JSON.parse((await olga.get('/readyz')).text) as { revision: string };
  expect(done.text).toContain(ready.revision);
  expect(started.events()).toContainEqual(
    expect.objectContaining({
      event: 'console-changed',
      user: 'olga',
      address: '127.0.0.1',
      what: `configuration ${ready.revision}`,
      why: 'maintenance',
    }),
  );
});

test('without a reason nothing is deployed', async () => {
  await switchOff(olga);
  expect((await send(olga, '/console/deploy', { reason: ' ' })).status).toBe(400);
  expect(text()).toBe(CONFIG);
});

test('an invalid change shows every error and cannot be deployed', async () => {
  await send(olga, '/console/endpoints', { ...SETTINGS, domains: 'not_a_domain', upstream: 'ftp://x' });
  const page = await olga.get('/console/deploy');
  expect(page.text).toContain('endpoints[0].domains');
  expect(page.text).toContain('endpoints[0].upstream');
  expect(page.text).not.toContain('name="reason"');
  expect((await send(olga, '/console/deploy', { reason: 'force' })).status).toBe(400);
  expect(text()).toBe(CONFIG);
});

test('of two people who change the file, the second sees both versions and overwrites nothing', async () => {
  const uwe = await signedIn(started, 'administrator', 'uwe');
  await switchOff(olga);
  await send(uwe, '/console/endpoints', { ...SETTINGS, domains: 'art.example.com' });
  await send(olga, '/console/deploy', { reason: 'first' });
  const after = text();
  const late = await send(uwe, '/console/deploy', { reason: 'second' });
  expect(late.status).toBe(409);
  expect(late.text).toContain('multiTenant: false');
  expect(late.text).toContain('art.example.com');
  expect(text()).toBe(after);
});

test('roll back restores an earlier text as a new change', async () => {
  await switchOff(olga);
  await send(olga, '/console/deploy', { reason: 'maintenance' });
  expect((await olga.get('/console/history')).text).toContain('maintenance');
  const chosen = await send(olga, '/console/history', { number: '1' });
  expect(chosen.headers['location']).toBe('/console/deploy');
  await send(olga, '/console/deploy', { reason: 'over' });
  expect(text()).toBe(CONFIG);
  const history = (await olga.get('/console/history')).text;
  expect(history).toContain('maintenance');
  expect(history).toContain('over');
});

test.each(['0', '-1', '99', '../1', '1e0'])('there is no configuration %j to go back to', async (number) => {
  expect((await send(olga, '/console/history', { number })).status).toBe(404);
});

test('a password is stored as a hash, and no page, log or history page shows it or a hash', async () => {
  await send(olga, '/console/users', {
    endpoint: 'studio',
    username: 'bob',
    password: 'a very long password',
  });
  const pages = [await olga.get('/console/deploy'), await olga.get('/console/endpoints/studio')];
  await send(olga, '/console/deploy', { reason: 'bob' });
  pages.push(await olga.get('/console/history'));
  await send(olga, '/console/history', { number: '1' });
  pages.push(await olga.get('/console/deploy'));
  expect(text()).toMatch(/username: bob\n\s+password: \$argon2id\$/);
  for (const page of pages) expect(page.text).not.toMatch(/\$argon2|LmWjWIyyDBOTjfj2gv6ZmnZJ6dk|a very long/);
  expect(started.logged()).not.toMatch(/\$argon2|a very long/);
  expect(pages[0]?.text).toContain('(hidden');
});

test('a viewer reads and changes nothing', async () => {
  const vera = await signedIn(started, 'viewer', 'vera');
  const page = await vera.get('/console/endpoints/studio');
  expect(page.text).toContain('alice');
  expect(page.text).not.toContain('/console/users');
  for (const path of ['endpoints', 'users', 'users/remove', 'deploy', 'deploy/discard', 'history'])
    expect((await send(vera, `/console/${path}`, { ...SETTINGS, reason: 'x', number: '1' })).status).toBe(
      403,
    );
  expect(text()).toBe(CONFIG);
});

test('changes without the token of the session, or with that of another, are refused', async () => {
  const uwe = await signedIn(started, 'administrator', 'uwe');
  const stolen = tokenIn(await uwe.get('/console/endpoints'));
  for (const token of ['', stolen]) {
    const reply = await olga.post('/console/endpoints', { token, ...SETTINGS, multiTenant: 'off' });
    expect(reply.status).toBe(403);
  }
  expect((await olga.get('/console/deploy')).text).toContain('There are no changes');
});

test('without a session every page leads to the sign-in page', async () => {
  const stranger = visitor(started.port);
  for (const path of ['endpoints', 'endpoints/studio', 'deploy', 'history', 'status'])
    expect((await stranger.get(`/console/${path}`)).headers['location']).toBe('/console/sign-in');
  for (const path of ['endpoints', 'users', 'users/remove', 'deploy', 'deploy/discard', 'history'])
    expect((await stranger.post(`/console/${path}`, SETTINGS)).headers['location']).toBe('/console/sign-in');
});

test('a read-only file is said to be so, and the change is offered as a patch', async () => {
  await switchOff(olga);
  chmodSync(started.file, 0o400);
  const { openConfigStore } = await import('../../src/console/config-store.ts');
  const store = openConfigStore({
    file: started.file,
    historyDir: started.directory,
    checkText: () => ({ ok: false, faults: [], warnings: [], files: [], conceal: (one) => one }),
    now: Date.now,
  });
  // Root may write everything.
  if (process.getuid?.() !== 0) expect(store.isWritable()).toBe(false);
  const page = await olga.get('/console/deploy');
  if (process.getuid?.() !== 0) expect(page.text).not.toContain('name="reason"');
  expect(page.text).toContain('+++ b/comfy-tenant.yaml');
});

test('users of a users file change at once, with audit', async () => {
  const users = join(started.directory, 'users.htpasswd');
  writeFileSync(users, '# team\n', { mode: 0o600 });
  writeFileSync(
    started.file,
    CONFIG.replace('      users:\n', '      usersFile: users.htpasswd\n      users:\n'),
  );
  await expect
    .poll(async () => (await olga.get('/console/endpoints/studio')).text)
    .toContain('users.htpasswd');
  await expect
    .poll(async () => {
      await send(olga, '/console/users', { endpoint: 'studio', username: 'bob', password: PASSWORD });
      return readFileSync(users, 'utf8');
    })
    .toMatch(/^# team\nbob:\$argon2id\$/);
  expect((await olga.get('/console/endpoints/studio')).text).toContain('bob');
  await send(olga, '/console/users/remove', { endpoint: 'studio', username: 'bob' });
  expect(readFileSync(users, 'utf8')).toBe('# team\n');
  const changes = started.events().filter(({ event }) => event === 'console-changed');
  expect(changes.map(({ what }) => what)).toContain('studio: bob removed');
});
