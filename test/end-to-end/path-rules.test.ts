import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { hashSync } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawRequest } from '../envoy/raw-request.ts';
import { startRealGateway, type RealGateway } from '../envoy/real-service.ts';
import { basic } from '../support/requests.ts';
import { PYTHON, ROUTER, ROUTES } from './route-spellings.ts';

let upstream: ChildProcess;
let gateway: RealGateway;
const authorization = basic('alice', 'tulip');
beforeAll(async () => {
  upstream = spawn(
    PYTHON,
    [ROUTER, 'serve', JSON.stringify([...ROUTES, ['GET', '/_tenant/plugin'], ['GET', '/ready']])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const failed = once(upstream, 'error').then(([error]: unknown[]) => Promise.reject(error as Error));
  const [port] = (await Promise.race([once(upstream.stdout!, 'data'), failed])) as [Buffer];
  const config = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:${port.toString().trim()}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
    rules:
      - { name: no cleaning, deny: POST /free, to: { users: [alice] }, why: "Ask <Carol>" }
      - { deny: [/ws, "GET /userdata/secret*"] }
service: { listen: "unix:authz.sock" }
`;
  gateway = await startRealGateway({ config, ready: [['comfy.example.com', authorization]] });
});
afterAll(async () => {
  upstream.kill();
  await gateway.stop();
});

const send = (line: string, ...headers: string[]) =>
  rawRequest(gateway.envoy.port, {
    lines: [`${line} HTTP/1.1`, `Authorization: ${authorization}`, ...headers],
  });

test.each([
  'POST /free',
  'POST /api/free',
  'POST /%66ree',
  'POST /api/fr%65e?x=1',
  'POST //free',
  'POST /api//free',
  'POST /x/../free',
  'POST /x/%2e%2e/api/free',
  String.raw`POST /x\..\free`,
  'POST /./free',
  'POST http://comfy.example.com/free',
  'GET /ws',
  'HEAD /api/ws',
  'GET /userdata/secret',
  'HEAD /userdata/secret.json',
  'GET /userdata/%73ecret.json',
  'GET /userdata/secret%2Fa.json',
])('%s through Envoy: denied by its rule', async (line) => {
  const answer = await send(line);
  expect(answer.status).toBe(403);
  expect(answer.body).not.toContain('route');
});

test.each([
  'GET /userdata/%2573ecret.json',
  'GET /userdata/x%2F..%2Fsecret.json',
  'GET /userdata/..%2fsecret',
  'POST /api%2Ffree',
  'POST /x%2f..%2ffree',
  'POST /x%5c..%5cfree',
  'POST /free%',
  'POST /fr%ffee',
  'GET /userdata/%00',
])('%s through Envoy: refused, because it has no single meaning', async (line) => {
  expect((await send(line)).status).toBe(400);
});

test.each([
  ['GET /queue', '/queue'],
  ['GET /api/queue?path=/free', '/api/queue'],
  ['POST /queue', '/queue'],
  ['GET /api/userdata/workflows%2Fmy%20secret.json', '/api/userdata/{file}'],
  ['GET /', '/'],
])('%s through Envoy: allowed', async (line, route) => {
  const answer = await send(line);
  expect(answer.status).toBe(200);
  expect(answer.body).toContain(`"route": "${route}"`);
});

test('a WebSocket upgrade is a GET for the rules', async () => {
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const answer = await send('GET /api/ws', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
  expect(answer.status).toBe(403);
});

test('the user sees why, escaped; the log names the rule', async () => {
  const json = await send('POST /free');
  expect(JSON.parse(json.body)).toMatchObject({ error: { code: 'forbidden', message: 'Ask <Carol>' } });
  const html = await send('POST /free', 'Accept: text/html');
  expect(html.body).toContain('Ask &lt;Carol&gt;');
  expect(gateway.lines.join('\n')).toMatch(/"reason":"rule-denied","rule":"no cleaning"/);
});
