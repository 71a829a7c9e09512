import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { HOST, startPortalGateway } from './portal-gateway.ts';

let gateway: Awaited<ReturnType<typeof startPortalGateway>>;
beforeAll(async () => {
  gateway = await startPortalGateway();
});
afterAll(async () => {
  await gateway.stop();
});

async function signedIn(user = 'alice', password = 'tulip') {
  const visitor = gateway.visitor(HOST);
  expect((await visitor.signIn(user, password)).status).toBe(303);
  return visitor;
}

const tokenIn = (page: string): string => /ct_[A-Za-z0-9_-]+/.exec(page)?.[0] ?? 'none';
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test('a token made on the account page works for a program until it is revoked there', async () => {
  const alice = await signedIn();
  const form = { name: 'render <script>', days: '30' };
  const made = await alice.visit('/_auth/access-tokens', { form });
  expect(made.status).toBe(201);
  const token = tokenIn(made.body);
  const program = gateway.visitor(HOST);
  expect((await program.visit('/queue', bearer(token))).status).toBe(200);
  expect(gateway.last()['x-funart-comfy-userid']).toBe('alice');
  expect(gateway.last().authorization).toBeUndefined();

  const account = await alice.open('/_auth/account');
  expect(account.body).toContain('render &lt;script&gt;');
  expect(account.body).not.toContain(token);
  const id = /name="id" value="([^"]+)"/.exec(account.body)?.[1] ?? '';
  const bob = await signedIn('bob', 'cedar');
  await bob.visit('/_auth/access-tokens/revoke', { form: { id } });
  expect((await program.visit('/queue', bearer(token))).status).toBe(200);
  await alice.visit('/_auth/access-tokens/revoke', { form: { id } });
  expect((await program.visit('/queue', bearer(token))).status).toBe(401);
});

test('only a session that began with a password makes tokens', async () => {
  const alice = await signedIn();
  const token = tokenIn(
    (await alice.visit('/_auth/access-tokens', { form: { name: 'first', days: '1' } })).body,
  );
  const form = { name: 'second', days: '1' };
  for (const authorization of [`Bearer ${token}`, basic('alice', 'tulip')]) {
    const program = gateway.visitor(HOST);
    const made = await program.visit('/_auth/access-tokens', { form, headers: { authorization } });
    expect([made.status, made.location]).toEqual([303, '/_auth/account']);
  }
  const stranger = await gateway.visitor(HOST).visit('/_auth/access-tokens', { form });
  expect(stranger.body).not.toContain('ct_');
});

test.each([
  [{ name: '', days: '1' }, 'The name must be'],
  [{ name: 'x', days: '9999' }, 'must expire within'],
  [{ name: 'x', days: '0' }, 'must expire within'],
  [{ name: 'x', days: '1e3' }, 'must expire within'],
])('a form that cannot be accepted says why: %j', async (form, message) => {
  const made = await (await signedIn()).visit('/_auth/access-tokens', { form });
  expect(made.status).toBe(400);
  expect(made.body).toContain(message);
});

test('another site cannot make or revoke tokens with the cookie', async () => {
  const alice = await signedIn();
  for (const path of ['/_auth/access-tokens', '/_auth/access-tokens/revoke']) {
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const made = await alice.visit(path, { form: { name: 'x', days: '1', id: 'at-x' }, headers });
    expect(made.status).toBe(403);
  }
});

test('sessions are registered without secrets, and a sign-out is too', async () => {
  const alice = await signedIn();
  const cookie = alice.cookies.get('comfy_session') ?? 'none';
  await alice.signOut();
  const text = readFileSync(gateway.file('sessions.jsonl'), 'utf8');
  expect(text).not.toContain(cookie);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  const { out } = lines.at(-1) ?? {};
  expect(lines.find((line) => line.in === out)).toMatchObject({
    user: 'alice',
    endpoint: 'studio',
    method: 'BASIC',
  });
});
