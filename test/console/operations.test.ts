import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CONFIG, PASSWORD, send, signedIn, startConsole, type Visitor } from './start-console.ts';

let started: Awaited<ReturnType<typeof startConsole>>;
let olga: Visitor;
let vera: Visitor;
const clock = { ms: 0 };
beforeAll(async () => {
  started = await startConsole(CONFIG, { clock });
  olga = await signedIn(started);
  vera = await signedIn(started, 'viewer', 'vera');
});
afterAll(() => started.close());

const page = async (path: string, who = olga): Promise<string> =>
  (await who.get(`/console/${path}`)).text.replaceAll(/\s+/g, ' ');

test('the status page shows every part, and the same on the command line', async () => {
  const text = await page('status', vera);
  for (const name of ['Configuration', 'Envoy', 'State files'])
    expect(text).toContain(`<th scope="row">${name}</th>`);
  expect(text).toContain('✓ Working');
  expect(text).toContain('<code>comfy-tenant check --live</code>');
  expect(text).toContain('No one is delayed.');
});

/** The first event of the live status page. */
function firstEvent(who: Visitor): Promise<string> {
  const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: started.port, path: '/console/status/events', headers: { cookie } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (text.includes('\n\n')) {
            sent.destroy();
            resolve(text);
          }
        });
        response.on('end', () => {
          resolve(text);
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

test('live updates need a session, and looking at them does not keep it open', async () => {
  const idle = await signedIn(started, 'viewer', 'ida');
  expect(await firstEvent(idle)).toMatch(/^data: ".*Parts/);
  expect(await firstEvent({ ...idle, cookies: new Map() })).toBe('');
  clock.ms += 29 * 60_000;
  expect(await firstEvent(idle)).toMatch(/^data: /);
  await olga.get('/console/status');
  await vera.get('/console/status');
  clock.ms += 2 * 60_000;
  expect(await firstEvent(idle)).toBe('');
  expect((await olga.get('/console/status')).status).toBe(200);
});

test('people and the audit log are shown, and events are searched', async () => {
  expect(await page('people', vera)).toContain('No one is signed in with a browser.');
  expect(await page('audit?text=console-signed-in', vera)).toContain('user: olga');
  expect(await page('audit?text=nothing-like-this', vera)).toContain('No events contain this text.');
});

test('only administrators end sessions and lockouts, of which unknown ones are 404', async () => {
  for (const path of ['/console/lockouts', '/console/people/end', '/console/people/sessions/end']) {
    expect((await send(vera, path, { id: 'x' })).status).toBe(403);
    expect((await send(olga, path, { id: 'no such\u0000id' })).status).toBe(404);
  }
  expect((await send(olga, '/console/people/end', { id: 'alice' })).status).toBe(303);
  expect(started.events()).toContainEqual(
    expect.objectContaining({ event: 'revoked', by: 'operator', userId: 'alice' }),
  );
});

const endpoint = (): {
  publicPaths: unknown;
  rules: unknown;
  auth: { operators: unknown; users: unknown[] };
} => (parse(readFileSync(started.file, 'utf8')) as { endpoints: [ReturnType<typeof endpoint>] }).endpoints[0];
const deploy = async () => (await send(olga, '/console/deploy', { reason: 'rules' })).text;

test('public paths, rules and operators are changed as YAML, and explained', async () => {
  const fields = {
    endpoint: 'studio',
    publicPaths: '- { path: /robots.txt }\n',
    rules: '- deny: POST /free\n  why: ask first\n',
    operators: '{ users: [alice] }',
  };
  expect((await send(olga, '/console/endpoints/rules', { ...fields, rules: '- [' })).status).toBe(400);
  expect((await send(olga, '/console/endpoints/rules', { ...fields, rules: '${HOME}' })).status).toBe(400);
  expect((await send(vera, '/console/endpoints/rules', fields)).status).toBe(403);
  expect((await send(olga, '/console/endpoints/rules', fields)).status).toBe(303);
  expect(await deploy()).toContain('The service uses this revision now');
  expect(endpoint()).toMatchObject({
    publicPaths: [{ path: '/robots.txt' }],
    rules: [{ deny: 'POST /free', why: 'ask first' }],
    auth: { operators: { users: ['alice'] } },
  });
  const shown = await page('endpoints/studio', vera);
  expect(shown).toContain('deny: POST /free');
  expect(await page('explain?endpoint=studio&as=alice&method=POST&path=/free', vera)).toContain(
    'rule 1 denies it',
  );
  expect(await page('explain?endpoint=studio&as=alice&method=GET&path=/queue', vera)).toContain(
    'allowed: GET /queue',
  );
  expect((await vera.get('/console/explain?endpoint=studio&as=alice&method=G+T&path=x')).status).toBe(404);
  await send(olga, '/console/endpoints/rules', {
    endpoint: 'studio',
    publicPaths: '',
    rules: '',
    operators: '',
  });
  await deploy();
  expect(readFileSync(started.file, 'utf8')).toBe(CONFIG);
});

test('the policy for names and passwords is chosen, and users who violate it are named', async () => {
  await send(olga, '/console/endpoints/policy', { endpoint: 'studio', policy: 'funart' });
  expect(await deploy()).toContain('violates policy funart');
  await send(olga, '/console/endpoints/policy', { endpoint: 'studio', policy: '' });
  expect(await page('deploy')).toContain('no changes');
});

test('users are imported from the lines of an htpasswd file, or none of them', async () => {
  const hash = /\$argon2id[^"]*/.exec(CONFIG)?.[0] ?? '';
  const bad = await send(olga, '/console/users/import', {
    endpoint: 'studio',
    lines: `bob:${hash}\ncarol:plain`,
  });
  expect(bad.text).toContain('Line 2');
  expect(bad.text).not.toContain(hash);
  expect(await page('deploy')).toContain('no changes');
  await send(olga, '/console/users/import', { endpoint: 'studio', lines: `bob:${hash}\ncarol:${hash}\n` });
  await deploy();
  expect(endpoint().auth.users).toHaveLength(3);
});

test('title and notice of the sign-in page are changed', async () => {
  await send(olga, '/console/endpoints/site', { title: 'Studio', notice: 'Ask Olga.' });
  await deploy();
  expect(readFileSync(started.file, 'utf8')).toContain('title: Studio');
  expect(await page('endpoints')).toContain('value="Ask Olga."');
  await send(olga, '/console/endpoints/site', { title: '', notice: '' });
  await deploy();
  expect(readFileSync(started.file, 'utf8')).not.toContain('title');
});

test('names and passwords that someone typed at the gateway are not shown', async () => {
  const wrong = { name: `${PASSWORD} typed as a name`, password: 'x' };
  const visitor = await signedIn(started, 'viewer', 'vic');
  for (let count = 0; count < 6; count++) await visitor.post('/console/sign-in', wrong);
  expect(await page('status')).not.toContain('typed as a name');
  expect(await page('audit?text=typed')).toContain('No events');
});
