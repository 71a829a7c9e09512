import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { hashSync } from '@node-rs/bcrypt';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileRules, judge } from '../../src/access/access-rules.ts';
import { rawRequest } from '../envoy/raw-request.ts';
import { startRealGateway, type RealGateway } from '../envoy/real-service.ts';
import { basic } from '../support/requests.ts';

const PYTHON = join(import.meta.dirname, '../../.tools/comfyui-0.3.75/venv/bin/python');
const ROUTER = join(import.meta.dirname, 'comfyui-router.py');

/** Routes of ComfyUI 0.3.75. */
const ROUTES = [
  ['GET', '/'],
  ['GET', '/ws'],
  ['GET', '/queue'],
  ['POST', '/queue'],
  ['POST', '/free'],
  ['POST', '/prompt'],
  ['GET', '/prompt'],
  ['GET', '/userdata'],
  ['GET', '/userdata/{file}'],
  ['POST', '/userdata/{file}'],
  ['POST', '/userdata/{file}/move/{dest}'],
  ['GET', '/models/{folder}'],
  ['GET', '/experiment/models/preview/{folder}/{path_index}/{filename:.*}'],
  ['POST', '/upload/image'],
  ['GET', '/history/{prompt_id}'],
] as const;

/** The pattern that a rule about a route has. */
const patternOf = (method: string, path: string): string => `${method} ${path.replaceAll(/\{[^}]+\}/g, '*')}`;
const canonical = (path: string): string => path.replace(':.*', '');
const named = (path: string): string => path.replace(/^\/api(?=\/)/, '');

const PIECES = [
  ...[
    'api',
    '/',
    '/',
    '/',
    '..',
    '.',
    '%2e',
    '%2E%2e',
    '%2f',
    '%2F',
    '%252f',
    '%5c',
    '%25',
    '%',
    ';',
    ';x=1',
  ],
  ...['free', 'Free', '%66ree', 'fr%65e', 'queue', 'quеue', 'userdata', 'user%64ata', 'prompt', 'move', 'ws'],
  ...[
    'models',
    'upload',
    'image',
    'history',
    'a',
    'workflows%2Fa.json',
    '%E4',
    '%C3%A4',
    '%00',
    '%20',
    '+',
    '*',
  ],
  ...['?', '?x=/free', '%3f', '#', '%23', 'experiment', 'preview', '0'],
];
const spelling = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 7 })
  .map((pieces) => `/${pieces.join('')}`);
const respelt = fc
  .tuple(
    fc.constantFrom(...ROUTES),
    fc.array(fc.tuple(fc.nat(60), fc.nat(3)), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([[, path], changes, api]) => {
    let text = (api ? '/api' : '') + path.replaceAll(/\{[^}]+\}/g, 'x');
    for (const [at, how] of changes) {
      const index = at % text.length;
      const letter = text.charCodeAt(index).toString(16).padStart(2, '0');
      const by = [
        `%${letter}`,
        `%${letter.toUpperCase()}`,
        `${text[index] ?? ''}%2f`,
        `${text[index] ?? ''}/`,
      ][how];
      text = text.slice(0, index) + (by ?? '') + text.slice(index + 1);
    }
    return text;
  });
const requests = fc.sample(
  fc.tuple(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'), fc.oneof(spelling, respelt)),
  { numRuns: 6000, seed: 13 },
);

function routed(): (string | null)[] {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('');
  const { stdout, stderr } = spawnSync(PYTHON, [ROUTER, 'resolve', JSON.stringify(ROUTES)], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const lines = stdout.trim().split('\n');
  if (lines.length !== requests.length) throw new Error(stderr);
  return lines.map((line) => JSON.parse(line) as string | null);
}

/** Whether a rule about one route is also about another: `/userdata/*` covers `/userdata/{file}/move/{dest}`. */
function covers(pattern: string, method: string, route: string): boolean {
  const target = named(route).replaceAll(/\{[^}]+\}/g, 'x');
  return judge(compileRules([{ deny: [pattern] }]), { method, target }).kind === 'rule';
}

test('whatever reaches a route of ComfyUI, the rule about it decides, and a permission opens no other route', () => {
  const chosen = routed();
  const wrong: string[] = [];
  let reached = 0;
  for (const [method, path] of ROUTES) {
    const pattern = patternOf(method, path);
    const denying = compileRules([{ deny: [pattern] }]);
    const allowing = compileRules([{ allow: [pattern] }, { deny: ['/*'] }]);
    requests.forEach(([sent, target], index) => {
      const route = chosen[index] ?? undefined;
      if (route === undefined) return;
      const request = { method: sent, target };
      const isIt =
        named(route) === canonical(path) && (sent === method || (sent === 'HEAD' && method === 'GET'));
      if (isIt) reached++;
      const escapes = isIt && judge(denying, request).kind === 'default';
      const verdict = judge(allowing, request);
      const opens = verdict.kind === 'rule' && verdict.rule.allow && !isIt && !covers(pattern, sent, route);
      if (escapes || opens) wrong.push(`${sent} ${target} → ${route}, rule ${pattern}`);
    });
  }
  expect(wrong).toEqual([]);
  expect(reached).toBeGreaterThan(500);
});

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
  await gateway.stop();
  upstream.kill();
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

test('the user is told why, escaped; the log names the rule', async () => {
  const json = await send('POST /free');
  expect(JSON.parse(json.body)).toMatchObject({ error: { code: 'forbidden', message: 'Ask <Carol>' } });
  const html = await send('POST /free', 'Accept: text/html');
  expect(html.body).toContain('Ask &#60;Carol&#62;');
  expect(gateway.lines.join('\n')).toMatch(/"reason":"rule-denied","rule":"no cleaning"/);
});
