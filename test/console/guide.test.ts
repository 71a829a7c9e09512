import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { AUDIENCE, aKey, aToken, ISSUER, type SigningKey } from '../support/tokens.ts';
import { send, signedIn, startConsole, type Reply, type Visitor } from './start-console.ts';

const EMPTY = `\
# Nothing is set up yet.
endpoints: []
admin: { listen: 127.0.0.1:0 }
service: { listen: 127.0.0.1:0 }
portal: { listen: 127.0.0.1:0, address: 127.0.0.1:1 }
gateway: { listen: 127.0.0.1:2 }
`;
const ID = { location: 'HEADER', name: 'X-FunArt-Comfy-UserId', claim: 'sub' };

let started: Awaited<ReturnType<typeof startConsole>>;
let olga: Visitor;
let key: SigningKey;
beforeAll(async () => {
  started = await startConsole(EMPTY);
  olga = await signedIn(started);
  key = await aKey('ES256');
});
afterAll(() => started.close());

const change = (path: string, fields: Readonly<Record<string, string>>): Promise<Reply> =>
  send(olga, `/console/endpoints${path}`, fields);
const endpoints = (): unknown[] =>
  (parse(readFileSync(started.file, 'utf8')) as { endpoints: unknown[] }).endpoints;

async function deploy(): Promise<Reply> {
  return send(olga, '/console/deploy', { reason: 'as in the guide' });
}

test('option BASIC of the guide, from an empty configuration', async () => {
  const created = { name: 'studio', domains: '', upstream: 'http://127.0.0.1:1', method: 'BASIC' };
  expect((await change('/create', created)).status).toBe(303);
  expect((await change('/create', created)).text).toContain('a name that no other endpoint has');
  await send(olga, '/console/users', {
    endpoint: 'studio',
    username: 'alice',
    password: 'a long password 1',
  });
  expect((await deploy()).text).toContain('The service uses this revision now');
  expect(endpoints()).toEqual([
    {
      name: 'studio',
      upstream: 'http://127.0.0.1:1',
      multiTenant: true,
      auth: {
        method: 'BASIC',
        users: [{ username: 'alice', password: expect.stringMatching(/^\$argon2id\$/) as unknown }],
      },
    },
  ]);
  expect(readFileSync(started.file, 'utf8')).toContain(
    '# Nothing is set up yet.\nendpoints:\n  - name: studio\n',
  );
});

test('option JWT of the guide: JWKS, claim transformation and token lookup', async () => {
  expect((await change('/method', { endpoint: 'studio', method: 'JWT' })).status).toBe(303);
  const issuer = { endpoint: 'studio', issuer: ISSUER, audience: AUDIENCE, source: 'keys' };
  const faulty = await change('/issuer', { ...issuer, keys: '{ "keys": 1 }' });
  expect(faulty.status).toBe(400);
  expect(faulty.text).toContain('This is not a JWKS');
  await change('/issuer', { ...issuer, keys: JSON.stringify({ keys: [key.jwk] }) });
  await change('/claims', { endpoint: 'studio', location: 'HEADER', name: 'X-Team', value: 'team' });
  await change('/lookups', { endpoint: 'studio', location: 'HEADER', name: 'X-Pass', value: '' });
  const page = await olga.get('/console/endpoints/studio');
  expect(page.text).toContain('<th scope="row">ES256-1</th>');
  expect(page.text).toContain('P-256');
  expect(page.text).not.toContain(key.jwk.x);
  // Pasted keys stay when another field changes.
  await change('/issuer', { ...issuer, audience: 'comfyui, other', keys: '' });
  await change('/issuer', { ...issuer, keys: ' ' });
  expect((await deploy()).text).toContain('The service uses this revision now');
  expect(endpoints()).toEqual([
    expect.objectContaining({
      auth: {
        method: 'JWT',
        issuers: [{ issuer: ISSUER, audience: AUDIENCE, jwks: { keys: [key.jwk] } }],
        claimTransformations: [ID, { location: 'HEADER', name: 'X-Team', claim: 'team' }],
        tokenLookup: [{ location: 'HEADER', name: 'X-Pass' }],
      },
    }),
  ]);
  await change('/lookups/remove', { endpoint: 'studio', at: '0' });
  await change('/claims/remove', { endpoint: 'studio', at: '1' });
  await deploy();
  const [{ auth }] = endpoints() as [{ auth: object }];
  expect(auth).toMatchObject({ claimTransformations: [ID] });
  expect(auth).not.toHaveProperty('tokenLookup');
});

test('a token is tried step by step, and neither kept nor logged', async () => {
  const stranger = await aKey('ES256', 'other');
  const attempt = async (jwt: string): Promise<string> =>
    (await send(olga, '/console/try', { endpoint: 'studio', jwt })).text.replaceAll(/\s+/g, ' ');
  // Not alice, whose BASIC user was removed: that ends what was issued to her until then.
  const token = await aToken(key, { sub: 'bob' });
  const good = await attempt(` Bearer ${token}\n`);
  expect(good).toContain('<code>bob</code>');
  const step = (name: string, state: string): string => `<th scope="row">${name}</th> <td>${state}</td>`;
  const late = await attempt(await aToken(key, { sub: 'bob', exp: 1000 }));
  expect(late).toContain(step('The audience is right', '✓ passed'));
  expect(late).toContain(step('It is valid now', '✗ failed'));
  expect(late).toContain(step('A claim can be the isolation id', '– not checked'));
  const unknown = await attempt(await aToken(stranger));
  expect(unknown).toContain(step('A key fits (kid)', '✗ failed'));
  expect(await attempt('nonsense')).toContain(step('Is a JWT', '✗ failed'));
  expect(good + late).not.toContain(token);
  expect(started.logged()).not.toContain(token.split('.')[2]);
  expect((await send(olga, '/console/try', { endpoint: 'nowhere', jwt: token })).status).toBe(404);
});

test('viewers see the pages, and change and try nothing', async () => {
  const vera = await signedIn(started, 'viewer', 'vera');
  const page = await vera.get('/console/endpoints/studio');
  expect(page.text).toContain(ISSUER);
  expect(page.text).not.toContain('<textarea');
  expect((await vera.get('/console/endpoints')).text).not.toContain('new-name');
  for (const path of [
    'endpoints/create',
    'endpoints/remove',
    'endpoints/method',
    'endpoints/issuer',
    'endpoints/claims',
    'try',
    'verify',
  ])
    expect((await send(vera, `/console/${path}`, { endpoint: 'studio', method: 'BASIC' })).status).toBe(403);
});

test('a verification that cannot run says why, and an endpoint can be removed', async () => {
  await send(olga, '/console/verify', {});
  const page = async (): Promise<string> => (await olga.get('/console/verify')).text;
  await vi.waitUntil(async () => (await page()).includes('role="alert"'), { timeout: 60_000, interval: 100 });
  expect(await page()).toContain('127.0.0.1:2');
  expect((await olga.get('/console/verify/report.json')).status).toBe(404);
  await change('/remove', { endpoint: 'studio' });
  await deploy();
  await vi.waitUntil(() => endpoints().length === 0);
});

test('hostile texts in every field stay texts', async () => {
  const hostile = `"><script>alert(1)</script>'\${PATH}`;
  await change('/create', { name: 'x', domains: hostile, upstream: hostile, method: 'JWT' });
  await change('/issuer', { endpoint: 'x', issuer: hostile, audience: 'a', source: 'url', keys: hostile });
  await change('/claims', { endpoint: 'x', location: hostile, name: hostile, value: hostile });
  await change('/lookups', { endpoint: 'x', location: 'HEADER', name: hostile, value: hostile });
  for (const path of ['endpoints', 'endpoints/x', 'deploy', 'try/x', `try/${encodeURIComponent(hostile)}`]) {
    const { status, text } = await olga.get(`/console/${path}`);
    expect(status).toBe(200);
    expect(text).not.toContain('<script');
    expect(text).not.toContain(process.env['PATH']);
  }
});
