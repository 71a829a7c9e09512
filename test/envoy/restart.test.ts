import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '@node-rs/bcrypt';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { basic } from '../support/requests.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { startEnvoy, type RunningEnvoy } from './run-envoy.ts';

let directory: ReturnType<typeof aDirectory>;
let upstream: EchoUpstream;
let service: Service;
let envoy: RunningEnvoy;
let text: string;

async function start(): Promise<Service> {
  const { config, revision } = load(directory.write('service.yaml', text));
  return startService({ config, revision, log: pino({ level: 'silent' }) });
}

async function status(authorization = basic('alice', 'tulip')): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${envoy.port}/queue`, { headers: { authorization } });
  await response.arrayBuffer();
  return response.status;
}

beforeEach(async () => {
  directory = aDirectory();
  upstream = await startEchoUpstream();
  text = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${await hash('tulip', 4)}" }] }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
  service = await start();
  envoy = await startEnvoy({ directory, config: text });
  await expect.poll(() => status()).toBe(200);
});
afterEach(async () => {
  await envoy.stop();
  await service.close();
  await upstream.close();
  directory.remove();
});

/** Twenty clients, each with one request after the other, until `over`; returns when requests failed, by the monotonic clock. */
async function failuresUnderLoad(over: AbortSignal): Promise<number[]> {
  const failedAtMs: number[] = [];
  const client = async (): Promise<void> => {
    while (!over.aborted) if ((await status()) !== 200) failedAtMs.push(performance.now());
  };
  await Promise.all(Array.from({ length: 20 }, client));
  return failedAtMs;
}

/** Envoy retries for longer than this before it gives up. */
const RETRIED_MS = 2000;

test('a restart of the service fails no request: those of the meantime wait', async () => {
  const over = new AbortController();
  const failures = failuresUnderLoad(over.signal);
  await sleep(500);
  await service.close();
  const stoppedMs = performance.now();
  await sleep(500);
  service = await start();
  const outageMs = performance.now() - stoppedMs;
  await expect.poll(() => status()).toBe(200);
  over.abort();
  const failedAfterMs = (await failures).map((failedAtMs) => failedAtMs - stoppedMs);
  // On a busy machine the service can take longer to start than Envoy retries: then later requests may fail.
  const mayFail = outageMs > RETRIED_MS;
  expect(failedAfterMs.filter((ms) => !mayFail || ms < RETRIED_MS)).toEqual([]);
});

test('without the service every request gets 503', async () => {
  await service.close();
  upstream.seen.length = 0;
  expect(await status()).toBe(503);
  expect(upstream.seen.filter((one) => JSON.stringify(one).includes('/queue'))).toEqual([]);
  service = await start();
  await expect.poll(() => status(basic('alice', 'wrong'))).toBe(401);
});
