import { connect } from 'node:net';
import { hashSync } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startEchoUpstream, type EchoUpstream } from '../envoy/echo-upstream.ts';
import { rawRequest } from '../envoy/raw-request.ts';
import { basic } from '../support/requests.ts';
import { AUDIENCE, aKey, aToken, ISSUER } from '../support/tokens.ts';
import { startWatchedGateway, WAIT, type WatchedGateway } from './watched-gateway.ts';

const ALICE = basic('alice', 'tulip');
const BASIC = `{ method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }`;
const CHANGES = Number(process.env.CHANGES ?? 25);
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
  return `sameUsers: true\nendpoints:\n${endpoints.join('')}`;
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

test('another domain, another endpoint and another upstream are live once `/readyz` reports it', async () => {
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

test('a public path, a mapped header and the title of error pages are live, too', async () => {
  const key = await aKey('ES256');
  gateway.directory.write('jwks.json', JSON.stringify({ keys: [key.jwk] }));
  const auth = `
      method: JWT
      issuers: [{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks: { file: jwks.json } }]
      tokenLookup: [{ location: HEADER, name: X-Pass }]
      claimTransformations:
        - { claim: sub, location: HEADER, name: X-FunArt-Comfy-UserId }
        - { claim: team, location: HEADER, name: X-Team }`;
  const publicPaths = '[{ path: /health, answer: { status: 200, body: well } }]';
  await gateway.deploy(
    `${config(endpoint('studio', { auth, publicPaths }))}portal: { title: "Studio <2>", notice: "Ask <Eve>" }\n`,
  );
  expect((await get('studio.test', '/health')).body).toBe('well');
  const token = await aToken(key, { team: 'red' });
  other.seen.length = 0;
  upstream.seen.length = 0;
  const lines = ['GET /queue HTTP/1.1', `X-Pass: ${token}`, 'X-Team: forged'];
  expect((await rawRequest(gateway.port, { lines, host: 'studio.test' })).status).toBe(200);
  const headers = upstream.seen.at(-1)?.headers.filter(([name]) => ['x-team', 'x-pass'].includes(name));
  expect(headers).toEqual([['x-team', 'red']]);
  const page = await get('nowhere.test', '/', 'Accept: text/html');
  expect(page.body).toContain('<title>Studio &lt;2&gt;</title>');
  expect(page.body).toContain('<p>Ask &lt;Eve&gt;</p>');
  await gateway.deploy(config(endpoint('studio')));
  await untilHealthy('studio.test');
});

test('a client cannot set the header of a claim while the change is on its way', async () => {
  // Between the stages, Envoy's routes and the service may be of different revisions, but each removes the client's own header.
  await gateway.deploy(config(endpoint('studio')));
  expect((await get('studio.test', '/', 'X-FunArt-Comfy-UserId: bob')).status).toBe(200);
  const ids = upstream.seen.at(-1)?.headers.filter(([name]) => name === 'x-funart-comfy-userid');
  expect(ids).toEqual([['x-funart-comfy-userid', 'alice']]);
});

test('changes fail no request of other endpoints and close none of their WebSockets', async () => {
  await gateway.deploy(config(endpoint('studio')));
  const socket = connect(gateway.port, '127.0.0.1');
  let ticks = '';
  let closed = false;
  socket.on('data', (chunk: Buffer) => (ticks += chunk.toString())).once('close', () => (closed = true));
  const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', `Authorization: ${ALICE}`, '', ''];
  socket.write(['GET /ws HTTP/1.1', 'Host: studio.test', ...upgrade].join('\r\n'));
  await vi.waitUntil(() => ticks.includes('tick'), WAIT);
  const failed: number[] = [];
  let requests = 0;
  let over = false;
  const load_ = Promise.all(
    [1, 2, 3].map(async () => {
      while (!over) {
        const { status } = await get('studio.test');
        requests += 1;
        if (status !== 200) failed.push(status);
      }
    }),
  );
  for (let change = 0; change < CHANGES; change++) {
    const [name, port] = [`lab${change % 7}`, change % 2 === 0 ? upstream.port : other.port];
    const more = { upstream: `http://127.0.0.1:${port}`, domains: `[lab${change}.test]` };
    await gateway.apply(config(endpoint('studio'), endpoint(name, more)));
  }
  over = true;
  await load_;
  expect(failed).toEqual([]);
  expect(requests).toBeGreaterThan(CHANGES);
  expect(closed).toBe(false);
  const before = ticks.length;
  await vi.waitUntil(() => ticks.length > before, WAIT);
  socket.destroy();
});
