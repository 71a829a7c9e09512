import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeDenied } from '../../src/ext-authz/check-response.ts';
import { startEchoUpstream } from './echo-upstream.ts';
import { rawRequest } from './raw-request.ts';
import { letIn, startScriptedAuthz } from './scripted-authz.ts';
import { startEnvoy } from './run-envoy.ts';
import { aConfig, startStand, type Stand } from './stand.ts';

let stand: Stand;
beforeEach(async () => {
  stand = await startStand();
});
afterEach(() => stand.stop());

const get = (...headers: string[]) =>
  rawRequest(stand.envoy.port, { lines: ['GET /queue HTTP/1.1', ...headers] });
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function untilStatus(status: number): Promise<void> {
  await expect.poll(async () => (await get()).status).toBe(status);
}

test('while the service is stopped requests get 503 (GHSA-9g5w-hqr3-w2ph), and succeed again afterwards', async () => {
  stand.authz.close();
  expect((await get('X-FunArt-Comfy-UserId: mallory')).status).toBe(503);
  expect(stand.upstream.seen).toEqual([]);
  const again = await startScriptedAuthz(join(stand.directory.path, 'authz.sock'));
  await untilStatus(200);
  again.close();
});

test('a gRPC error of the service rejects the request', async () => {
  stand.authz.say(() => Promise.reject(new Error('broken')));
  expect((await get()).status).toBe(503);
  expect(stand.upstream.seen).toEqual([]);
});

const slow = (ms: number) => {
  stand.authz.say(async () => {
    await later(ms);
    return letIn();
  });
};

test('a timeout of the service rejects the request without a retry', async () => {
  slow(7000);
  stand.authz.asked.length = 0;
  const begun = Date.now();
  expect((await get()).status).toBe(503);
  expect(Date.now() - begun).toBeGreaterThan(4500);
  expect(stand.authz.asked).toHaveLength(1);
  expect(stand.upstream.seen).toEqual([]);
});

test('Envoy waits for a slow response, such as a password hash', async () => {
  slow(1500);
  stand.authz.asked.length = 0;
  expect((await get()).status).toBe(200);
  expect(stand.authz.asked).toHaveLength(1);
});

test('the 503 of an unreachable service has a message and Retry-After', async () => {
  stand.authz.close();
  const answer = await get();
  expect(answer.status).toBe(503);
  expect(answer.head).toMatch(/retry-after: 2/i);
  expect(JSON.parse(answer.body)).toMatchObject({
    error: {
      code: 'unavailable',
      message: 'Authentication is temporarily unavailable. Try again in a few seconds.',
    },
  });
});

test.each([401, 403, 429, 503])("the service's own %d passes as it is", async (status) => {
  const headers = [['content-type', 'text/html']] as const;
  const metadata = [['reason', 'token-expired']] as const;
  stand.authz.say(() => encodeDenied({ status, headers, body: '<h1>no</h1>', metadata }));
  const answer = await get();
  expect(answer).toMatchObject({ status, body: '<h1>no</h1>' });
  expect(answer.head).toMatch(/content-type: text\/html/i);
  expect(answer.head).not.toMatch(/retry-after/i);
});

test('an invalid response of the service rejects the request', async () => {
  stand.authz.say(() => Uint8Array.of(0x1a, 0xff, 0x01));
  expect((await get()).status).toBe(503);
  expect(stand.upstream.seen).toEqual([]);
});

test('the 503 for a stopped ComfyUI names ComfyUI, and requests succeed again when it is back', async () => {
  const { port } = stand.upstream;
  await stand.upstream.close();
  await untilStatus(503);
  const answer = await get();
  expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'unavailable' } });
  expect(answer.head).toMatch(/retry-after: 2/i);
  const again = await startEchoUpstream({ port });
  await untilStatus(200);
  await again.close();
});

test.each([404, 401, 500])('a ComfyUI whose plugin answers %d gets no requests', async (plugin) => {
  await stand.stop();
  stand = await startStand({ plugin });
  await later(2500);
  expect((await get()).status).toBe(503);
  expect(stand.upstream.seen).toEqual([]);
});

const upgrade = (...headers: string[]) =>
  rawRequest(stand.envoy.port, {
    lines: [
      'GET /ws HTTP/1.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      ...headers,
    ],
    untilClosed: true,
  });

test('a WebSocket brings no forged id, and ends with its credentials', async () => {
  const headers = [
    ['x-funart-comfy-userid', 'alice'],
    ['x-envoy-upstream-stream-duration-ms', '3000'],
  ] as const;
  stand.authz.say(() => letIn({ headers }));
  const begun = Date.now();
  const answer = await upgrade('X-FunArt-Comfy-UserId: mallory');
  expect(answer.status).toBe(101);
  expect(answer.body).toMatch(/^(tick)+/);
  expect(Date.now() - begun).toBeGreaterThan(2900);
  const [seen] = stand.upstream.seen;
  expect(JSON.stringify(seen)).not.toMatch(/mallory|stream-duration/);
  expect(seen?.headers).toContainEqual(['x-funart-comfy-userid', 'alice']);
});

test('a client cannot choose how long its own WebSocket lives', async () => {
  await rawRequest(stand.envoy.port, {
    lines: ['GET /queue HTTP/1.1', 'X-Envoy-Upstream-Stream-Duration-Ms: 1'],
  });
  expect(JSON.stringify(stand.upstream.seen)).not.toContain('stream-duration');
});

test('a second Envoy cannot listen on the same port', async () => {
  const second = startEnvoy({
    directory: stand.directory,
    config: aConfig(stand.upstream.port),
    change({ static_resources }) {
      const [listener] = static_resources.listeners;
      if (listener !== undefined) listener.address.socket_address.port_value = stand.envoy.port;
    },
  });
  await expect(second).rejects.toThrow(/Address already in use/);
});
