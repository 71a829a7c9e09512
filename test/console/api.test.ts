import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { apiRefusalOf } from '../../src/console/request-guard.ts';
import { askApi } from './ask-api.ts';
import { CONFIG, PASSWORD, signedIn, startConsole } from './start-console.ts';

let started: Awaited<ReturnType<typeof startConsole>>;
beforeAll(async () => {
  started = await startConsole();
  await signedIn(started);
  await signedIn(started, 'viewer', 'vera');
});
afterAll(() => started.close());

const ask = (place: string, more: Parameters<typeof askApi>[2] = {}) => askApi(started.port, place, more);
const VERA = `vera:${PASSWORD}`;
const CHANGES = [
  'POST /configuration/check',
  'PUT /configuration',
  'POST /configuration/history/1',
  'DELETE /sessions/x',
  'DELETE /users/alice/sessions',
  'DELETE /lockouts/x',
  'PUT /endpoints/studio/users/mallory',
  'DELETE /endpoints/studio/users/alice',
  'POST /endpoints/studio/try-token',
  'POST /verification',
];

test('every operation needs an account, and changes an administrator', async () => {
  const { body } = await ask('GET /openapi.json', { who: '' });
  const { paths } = body as { paths: Record<string, Record<string, unknown>> };
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '1')}`),
  );
  expect(all.length).toBeGreaterThan(15);
  for (const place of all) {
    const answer = await ask(place, { who: '', body: place.startsWith('GET') ? undefined : {} });
    expect([place, answer.status]).toEqual([place, 401]);
    expect(answer.headers.get('www-authenticate')).not.toMatch(/^basic/i);
  }
  for (const place of CHANGES) {
    const answer = await ask(place, { who: VERA, body: {} });
    expect([place, answer.status]).toEqual([place, 403]);
  }
  for (const place of all.filter((one) => one.startsWith('GET') && !one.includes('explain')))
    expect([place, (await ask(place, { who: VERA })).status]).toEqual([place, 200]);
});

test('a wrong password, another account and a malformed header are refused and recorded', async () => {
  for (const who of ['olga:wrong', 'someone:x', 'a:b:c', ' '])
    expect((await ask('GET /status', { who })).status).toBe(401);
  const twice = { authorization: 'Bearer x' };
  expect((await ask('GET /status', { who: '', headers: twice })).status).toBe(401);
  expect(started.events()).toContainEqual(
    expect.objectContaining({ event: 'console-refused', reason: 'password-wrong' }),
  );
});

test('pages of other sites and other machines get nothing, with the right password, too', async () => {
  const foreign = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
  for (const place of ['GET /status', 'PUT /configuration', 'DELETE /lockouts/x'])
    expect((await ask(place, { headers: foreign })).status).toBe(403);
  expect((await ask('GET /status', { headers: { 'x-forwarded-for': '127.0.0.1' } })).status).toBe(403);
  const request = { method: 'GET', path: '/api/v1/status', host: 'localhost', headers: [] };
  expect(apiRefusalOf({ ...request, peerAddress: '10.0.0.7' }, () => false)).toBe('not-local');
  expect(apiRefusalOf({ ...request, peerAddress: '10.0.0.7' }, (one) => one === '10.0.0.7')).toBeUndefined();
});

test('a configuration is read without secrets, changed, and deployed with its secrets', async () => {
  const read = (await ask('GET /configuration')).body as { text: string; version: string };
  expect(read.text).not.toContain('$argon2id$');
  const text = read.text.replace('# first', '# the first');
  const checked = (await ask('POST /configuration/check', { body: { text } })).body;
  expect(checked).toMatchObject({ valid: true, errors: [] });
  const sent = { text, version: read.version, reason: 'a better comment' };
  const done = await ask('PUT /configuration', { body: sent });
  expect(done).toMatchObject({ status: 200, body: { live: true } });
  expect(readFileSync(started.file, 'utf8')).toBe(CONFIG.replace('# first', '# the first'));
  // Someone who read the same text is too late.
  const late = await ask('PUT /configuration', { body: { ...sent, text: text.replace('drawing', 'other') } });
  expect(late.status).toBe(409);
  const history = (await ask('GET /configuration/history')).body as { replaced: { number: number }[] };
  expect(history.replaced[0]).toMatchObject({ author: 'olga' });
  const first = history.replaced.at(-1)?.number ?? 0;
  expect((await ask(`POST /configuration/history/${first}`, { body: { reason: 'back' } })).status).toBe(200);
  expect(readFileSync(started.file, 'utf8')).toBe(CONFIG);
  expect((await ask('POST /configuration/history/999', { body: { reason: 'back' } })).status).toBe(404);
});

test('of ten editors who began with the same revision, one succeeds', async () => {
  const read = (await ask('GET /configuration')).body as { text: string; revision: string; version: string };
  const attempts = Array.from({ length: 10 }, (_, at) =>
    ask('PUT /configuration', {
      body: {
        text: read.text.replace('name: studio', `name: studio${at}`),
        version: read.version,
        reason: `editor ${at}`,
      },
    }),
  );
  const answers = await Promise.all(attempts);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  writeFileSync(started.file, CONFIG);
  await vi.waitUntil(async () => {
    const { body } = await ask('GET /status');
    return (body as { revision: string }).revision === read.revision;
  });
});

test('a configuration that is not valid, or has a mark of another secret, is refused with the reasons', async () => {
  const { version } = (await ask('GET /configuration')).body as { version: string };
  const put = (text: string) => ask('PUT /configuration', { body: { text, version, reason: 'x' } });
  const invalid = await put('endpoints: 1\n');
  expect(invalid.status).toBe(422);
  expect(invalid.headers.get('content-type')).toBe('application/problem+json');
  expect((invalid.body as { errors: string[] }).errors[0]).toContain('endpoints');
  const unknown = await put(CONFIG.replace(/"\$argon2id[^"]*"/, '(hidden 000000)'));
  expect(unknown.status).toBe(422);
  expect(JSON.stringify(unknown.body)).toContain('write the secret instead');
  // A mark must not make a secret public.
  const { text } = (await ask('GET /configuration')).body as { text: string };
  const mark = /\(hidden [0-9a-f]{6}\)/.exec(text)?.[0] ?? '';
  for (const spoiled of [
    text.replace('name: studio', () => `name: "${mark}"`),
    text.replace('# first', () => `# ${mark}`),
    text.replace('studio', () => mark),
  ]) {
    const checked = await ask('POST /configuration/check', { body: { text: spoiled } });
    expect(checked.status).toBe(422);
    expect(JSON.stringify(checked.body)).not.toContain('$argon2');
    expect((await put(spoiled)).status).toBe(422);
  }
  expect(readFileSync(started.file, 'utf8')).toBe(CONFIG);
});

test('users are added, get another password and are removed', async () => {
  const bob = 'PUT /endpoints/studio/users/bob';
  expect((await ask(bob, { body: { password: 'a long password 1' } })).status).toBe(200);
  expect(readFileSync(started.file, 'utf8')).toContain('username: bob');
  expect((await ask('DELETE /endpoints/studio/users/bob')).status).toBe(200);
  expect(readFileSync(started.file, 'utf8')).not.toContain('bob');
  expect((await ask('DELETE /endpoints/studio/users/bob')).status).toBe(404);
  expect((await ask('PUT /endpoints/nowhere/users/bob', { body: { password: 'x' } })).status).toBe(404);
  const colon = await ask('PUT /endpoints/studio/users/a%3Ab', { body: { password: 'a long password 1' } });
  expect(colon.status).toBe(422);
});

test('rules are explained, tokens tried, and a verification says why it failed', async () => {
  const explained = await ask('GET /endpoints/studio/explain?as=mallory&method=POST&path=/api/free');
  expect(explained.body).toMatchObject({ allowed: false, operator: false });
  expect((await ask('POST /endpoints/studio/try-token', { body: { token: 'x' } })).status).toBe(404);
  expect((await ask('POST /verification')).status).toBe(200);
  await vi.waitUntil(async () => !((await ask('GET /verification')).body as { running: boolean }).running, {
    timeout: 60_000,
    interval: 200,
  });
  expect((await ask('GET /verification')).body).toHaveProperty('problem');
});

test('the audit log is searched', async () => {
  const found = (await ask('GET /audit?text=editor&limit=500')).body as { events: { why?: string }[] };
  expect(found.events.length).toBeGreaterThan(0);
  expect(found.events.every((event) => JSON.stringify(event).includes('editor'))).toBe(true);
  for (const query of ['limit=0', 'limit=x', 'other=1', 'text=a&text=b'])
    expect((await ask(`GET /audit?${query}`)).status).toBe(400);
});

test('other methods, types and paths are refused clearly', async () => {
  const wrong = await ask('POST /status', { body: {} });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
  expect((await ask('GET /nowhere')).status).toBe(404);
  const plain = { headers: { 'content-type': 'text/plain' } };
  expect((await ask('POST /configuration/check', plain)).status).toBe(415);
  const large = { body: { text: 'x'.repeat(3 * 1024 * 1024) } };
  expect((await ask('POST /configuration/check', large)).status).toBe(413);
});
