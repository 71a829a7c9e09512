import { hashSync } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startEchoUpstream, type EchoUpstream } from '../envoy/echo-upstream.ts';
import { rawRequest } from '../envoy/raw-request.ts';
import { basic } from '../support/requests.ts';
import { startWatchedGateway, WAIT, type WatchedGateway } from './watched-gateway.ts';

const ALICE = basic('alice', 'tulip');
const BASIC = `{ method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }`;
let upstream: EchoUpstream;
let other: EchoUpstream;
let gateway: WatchedGateway;

function endpoint(name: string, more: Readonly<Record<string, string>> = {}): string {
  const settings = {
    domains: `[${name}.test]`,
    upstream: `http://127.0.0.1:${upstream.port}`,
    multiTenant: 'true',
    auth: BASIC,
    ...more,
  };
  const lines = Object.entries(settings).map(([key, value]) => `    ${key}: ${value}`);
  return [`  - name: ${name}`, ...lines, ''].join('\n');
}

function config(...endpoints: readonly string[]): string {
  return `endpoints:\n${endpoints.join('')}`;
}

async function get(host: string, path = '/queue', ...lines: readonly string[]) {
  return rawRequest(gateway.port, {
    lines: [`GET ${path} HTTP/1.1`, `Authorization: ${ALICE}`, ...lines],
    host,
  });
}

async function untilHealthy(host: string): Promise<void> {
  await vi.waitUntil(async () => (await get(host)).status === 200, WAIT);
}

beforeAll(async () => {
  upstream = await startEchoUpstream();
  other = await startEchoUpstream();
  gateway = await startWatchedGateway({ config: config(endpoint('studio')) });
  await untilHealthy('studio.test');
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  await other.close();
});

test('another domain, another endpoint and another upstream are live once the service says so', async () => {
  await gateway.deploy(config(endpoint('studio', { domains: '[studio.test, new.test]' })));
  expect((await get('new.test')).status).toBe(200);
  expect((await get('lab.test')).status).toBe(421);
  await gateway.deploy(config(endpoint('studio'), endpoint('lab', { multiTenant: 'false' })));
  expect((await get('new.test')).status).toBe(421);
  await untilHealthy('lab.test');
  const seen = other.seen.length;
  await gateway.deploy(config(endpoint('studio', { upstream: `http://127.0.0.1:${other.port}` })));
  await untilHealthy('studio.test');
  expect(other.seen.length).toBeGreaterThan(seen);
  expect((await gateway.readyz()).problems).toEqual([]);
});
