import { hashSync } from '@node-rs/bcrypt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Endpoint } from '../../src/config/schema.ts';
import { basic } from '../support/requests.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { rawRequest } from './raw-request.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';

const ALICE = basic('alice', 'tulip');
const HOST = 'comfy.example.com';

let upstream: EchoUpstream;
let gateway: RealGateway;
beforeAll(async () => {
  upstream = await startEchoUpstream();
  const config = `
endpoints:
  - name: studio
    domains: [${HOST}]
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
  gateway = await startRealGateway({ config, ready: [[HOST, ALICE]] });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});
afterEach(() => {
  change({});
});

/** Serves another configuration, while Envoy runs the first one's bootstrap. */
function change(endpoint: Partial<Endpoint>): void {
  const endpoints = gateway.config.endpoints.map((one) => ({ ...one, ...endpoint }));
  gateway.service.replace({ ...gateway.config, endpoints }, 'changed');
}

async function status(): Promise<number> {
  const lines = ['GET /queue HTTP/1.1', `Authorization: ${ALICE}`];
  return (await rawRequest(gateway.envoy.port, { lines, host: HOST })).status;
}

async function problems(): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${gateway.service.adminPort}/readyz`);
  return ((await answer.json()) as { problems: unknown }).problems;
}

test('an Envoy that runs what the configuration renders is no problem', async () => {
  expect(await status()).toBe(200);
  expect(await problems()).toEqual([]);
});

test('a change that Envoy lacks is reported, and requests still succeed if it is harmless', async () => {
  change({ domains: [HOST, 'new.example.com'] });
  expect(await problems()).toEqual([
    expect.stringMatching(/^Envoy runs bootstrap [0-9a-f]{16}, which does not match/),
  ]);
  for (let times = 0; times < 3; times++) expect(await status()).toBe(200);
  expect(gateway.lines.filter((line) => line.includes('Envoy needs a new bootstrap'))).toHaveLength(1);
});

test.each([
  [
    'has another upstream',
    { upstream: ['http://127.0.0.1:1'] },
    'to upstreams that do not match the configuration',
  ],
  [
    'has one upstream more',
    { upstream: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] },
    'upstreams that do not match',
  ],
  ['has another name', { name: 'renamed' }, 'Envoy names endpoint studio, which is not configured'],
])('an endpoint that %s gets 503 until Envoy has the new bootstrap', async (_, endpoint, cause) => {
  const seen = upstream.seen.length;
  change(endpoint);
  expect(await status()).toBe(503);
  expect(upstream.seen).toHaveLength(seen);
  const errors = gateway.lines.filter((line) => line.includes('"level":50'));
  expect(errors.at(-1)).toContain(cause);
  expect(errors.at(-1)).toContain('render its bootstrap again with `comfy-tenant envoy` and restart Envoy');
  change({});
  expect(await status()).toBe(200);
});

test('a user of the new upstream cannot reach the one that Envoy still knows', async () => {
  change({
    upstream: ['http://127.0.0.1:1'],
    auth: {
      method: 'BASIC',
      signIn: 'page',
      users: [{ username: 'bob', password: hashSync('cedar', 4) }],
    },
  });
  const lines = ['GET /queue HTTP/1.1', `Authorization: ${basic('bob', 'cedar')}`];
  const seen = upstream.seen.length;
  expect((await rawRequest(gateway.envoy.port, { lines, host: HOST })).status).toBe(503);
  expect(upstream.seen).toHaveLength(seen);
});
