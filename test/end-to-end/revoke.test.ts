import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { basic } from '../support/requests.ts';
import { aVisitor } from '../envoy/visitor.ts';
import { startDemo, type Demo } from './demo.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});

function run(...args: string[]): string {
  const config = join(demo.folder, 'comfy-tenant.yaml');
  const command = ['--import', 'tsx', 'src/main.ts', ...args, '--config', config];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
}

interface Opened {
  readonly closed: Promise<number>;
  isOpen(): boolean;
}

function open(authorization: string): Promise<Opened> {
  return openWith({ authorization });
}

function openWith(headers: Record<string, string>): Promise<Opened> {
  const socket = new WebSocket(new URL('/ws', demo.url), { headers });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve({ closed, isOpen: () => socket.readyState === WebSocket.OPEN });
    });
    socket.once('error', reject);
  });
}

async function statusOf(authorization: string): Promise<number> {
  const { status } = await fetch(new URL('/queue', demo.url), { headers: { authorization } });
  return status;
}

test(
  'what is revoked ends through a real Envoy, with its WebSockets; nothing else does',
  { timeout: 180_000 },
  async () => {
    const [one, two] = ['one', 'two'].map(
      (name) => `Bearer ${run('access-token', 'create', '--user', 'alice', '--name', name)}`,
    ) as [string, string];
    await expect.poll(() => statusOf(two), { timeout: 30_000 }).toBe(200);
    const [first, second, bob] = await Promise.all([
      open(one),
      open(two),
      open(basic('bob', demo.passwords.bob)),
    ]);

    const id = run('access-token', 'list')
      .split('\n')
      .find((line) => /\bone\b/.test(line))
      ?.split(' ')[0];
    run('access-token', 'revoke', id ?? '');
    expect(await first.closed).toBe(1008);
    expect(await statusOf(one)).toBe(401);
    expect([second.isOpen(), bob.isOpen()]).toEqual([true, true]);

    run('revoke', '--user', 'alice');
    expect(await second.closed).toBe(1008);
    expect(await statusOf(two)).toBe(401);
    expect(bob.isOpen()).toBe(true);

    // A removed user.
    const alice = await open(basic('alice', demo.passwords.alice));
    run('user', 'remove', 'alice');
    expect(await alice.closed).toBe(1008);
    await expect.poll(() => statusOf(basic('alice', demo.passwords.alice)), { timeout: 30_000 }).toBe(401);
    expect(bob.isOpen()).toBe(true);
  },
);

/** A browser in which bob has signed in. */
async function bobsBrowser() {
  const { host, port } = new URL(demo.url);
  const visitor = aVisitor(Number(port), host);
  expect((await visitor.signIn('bob', demo.passwords.bob)).status).toBe(303);
  const cookie = `comfy_session=${visitor.cookies.get('comfy_session') ?? ''}`;
  return { visitor, socket: await openWith({ cookie, origin: `http://${host}` }) };
}

test('a session that is revoked or signed out closes its own WebSockets only', async () => {
  const one = await bobsBrowser();
  const [{ id }] = (JSON.parse(run('sessions', '--user', 'bob', '--json')) as { sessions: [{ id: string }] })
    .sessions;
  const two = await bobsBrowser();
  const password = await open(basic('bob', demo.passwords.bob));
  run('revoke', '--session', id);
  expect(await one.socket.closed).toBe(1008);
  expect((await one.visitor.visit('/queue')).status).toBe(401);
  expect([two.socket.isOpen(), password.isOpen()]).toEqual([true, true]);
  await two.visitor.signOut();
  expect(await two.socket.closed).toBe(1008);
  expect(password.isOpen()).toBe(true);
});

test('no user can close WebSockets through the gateway', { timeout: 60_000 }, async () => {
  const body = JSON.stringify({ close: [{ user: 'bob' }] });
  for (const path of ['/_tenant/close', '/api/_tenant/close', '/_tenant/%63lose']) {
    const headers = { 'content-type': 'application/json', 'x-funart-comfy-token': 'forged' };
    const { status } = await demo.as('bob', path, { method: 'POST', body, headers });
    expect([403, 404]).toContain(status);
  }
});
