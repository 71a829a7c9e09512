import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CONFIG, PASSWORD, send, signedIn, startConsole, type Visitor } from './start-console.ts';

let started: Awaited<ReturnType<typeof startConsole>>;
let olga: Visitor;

beforeEach(async () => {
  started = await startConsole();
  olga = await signedIn(started);
});
afterEach(() => started.close());

const SETTINGS = { endpoint: 'studio', domains: '*', upstream: 'http://127.0.0.1:8188', multiTenant: 'on' };

const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}\${jndi}`;

test('text in every field comes back as text', async () => {
  await send(olga, '/console/endpoints', { ...SETTINGS, domains: HOSTILE, upstream: HOSTILE });
  await send(olga, '/console/users', {
    endpoint: 'studio',
    username: HOSTILE.replaceAll(':', ''),
    password: PASSWORD,
  });
  const replies = [
    await olga.get('/console/endpoints'),
    await olga.get('/console/endpoints/studio'),
    await olga.get('/console/deploy'),
    await send(olga, '/console/deploy', { reason: HOSTILE }),
    await send(olga, '/console/history', { number: HOSTILE }),
    await olga.get(`/console/endpoints/${encodeURIComponent(HOSTILE)}`),
    await olga.get(`/console/setup?link=${encodeURIComponent(HOSTILE)}`),
    await olga.post('/console/sign-in', { name: HOSTILE, password: HOSTILE, token: HOSTILE }),
  ];
  for (const { text: page } of replies) expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>/);
  expect(replies[1]?.text).toContain('&lt;script&gt;');
});

test('hostile names and reasons that are already in the files come back as text', async () => {
  const name = JSON.stringify(HOSTILE.replace('${', () => '$${'));
  const config = CONFIG.replace('username: alice', () => `username: ${name}`);
  writeFileSync(started.file, config);
  await send(olga, '/console/endpoints', { ...SETTINGS, multiTenant: 'off' });
  await send(olga, '/console/deploy', { reason: HOSTILE });
  for (const path of [
    'endpoints/studio',
    'history',
    'deploy',
    'status',
    'people',
    `audit?text=${encodeURIComponent(HOSTILE)}`,
  ])
    expect((await olga.get(`/console/${path}`)).text).not.toMatch(
      /<script(?! src="\/console\/status\.js")|<img/,
    );
  expect((await olga.get('/console/history')).text).toContain('&lt;script&gt;');
});
