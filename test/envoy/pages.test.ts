import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERROR_TEXTS, type ErrorKind } from '../../src/pages/error-texts.ts';
import type { Language } from '../../src/pages/language.ts';
import { rawRequest, type RawAnswer } from './raw-request.ts';
import { letIn } from './scripted-authz.ts';
import { aConfig, startStand, type Stand } from './stand.ts';

const NOTICE = '100 % <b>help</b>: "it@example.com"';
const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';

function config(upstream: number): string {
  return `${aConfig(upstream, '    publicPaths: [{ path: /hello, answer: { status: 404, body: "mine" } }]')}
portal: { listen: "unix:portal.sock", title: "Studio <1>", notice: ${JSON.stringify(NOTICE)} }
`;
}

let stand: Stand;
let broken: Stand;
let garbage: Server;
beforeAll(async () => {
  stand = await startStand({ config });
  garbage = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      const isCheck = data.toString().startsWith('GET /_tenant/plugin');
      socket.end(
        isCheck
          ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'
          : 'no HTTP at all\r\n\r\n',
      );
    });
  });
  await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
  const { port } = garbage.address() as { port: number };
  broken = await startStand({ config: () => config(port) });
});
afterAll(async () => {
  await stand.stop();
  await broken.stop();
  garbage.close();
});

const page = (lines: readonly string[], { of = stand, ...more }: { of?: Stand; host?: string } = {}) =>
  rawRequest(of.envoy.port, {
    lines: [...lines, 'Accept: text/html,application/xhtml+xml;q=0.9'],
    ...more,
  });
const text = ({ body }: RawAnswer): string => Buffer.from(body, 'latin1').toString();

function expectPage(answer: RawAnswer, kind: ErrorKind, language: Language = 'en'): void {
  expect(answer.head).toMatch(/content-type: text\/html; charset=utf-8/i);
  expect(text(answer)).toContain(`<main lang="${language}"><h1>${ERROR_TEXTS[language][kind].title}</h1>`);
  expect(text(answer)).toContain('<title>Studio &lt;1&gt;</title>');
  expect(text(answer)).toContain('<p>100 % &lt;b&gt;help&lt;/b&gt;: &quot;it@example.com&quot;</p>');
  expect(text(answer)).toMatch(new RegExp(`<code>${UUID}</code></p></main></body></html>\n$`));
}

const TOO_MANY = Array.from({ length: 120 }, (_, at) => `X-Some-${at}: 1`);

test.each<[string, number, ErrorKind, readonly string[], string?]>([
  ['an unknown host', 421, 'unknown-host', ['GET / HTTP/1.1'], 'other.example.com'],
  ['a malformed host', 400, 'malformed', ['GET / HTTP/1.1'], 'comfy.example.com:x'],
  ['too many headers', 431, 'too-large', ['GET / HTTP/1.1', ...TOO_MANY]],
  ['a disguised path of the portal', 404, 'not-found', ['GET /%5f..%2f_auth HTTP/1.1']],
  ['the portal, which is down', 503, 'unavailable', ['GET /_auth/sign-in HTTP/1.1']],
])('%s gets a page with status %d about %s', async (_, status, kind, lines, host) => {
  for (const [language, accepted] of [
    ['en', 'de-DE,de;q=0.9,en;q=0.8'],
    ['zh', 'zh-CN,zh;q=0.9'],
  ] as const) {
    const answer = await page([...lines, `Accept-Language: ${accepted}`], host === undefined ? {} : { host });
    expect(answer.status).toBe(status);
    expectPage(answer, kind, language);
  }
});

test.each([
  ['RBAC denies', 403, 'forbidden', () => letIn({ headers: [] })],
  ['the service may not change', 500, 'internal', () => letIn({ headers: [['x-other', '1']] })],
] as const)('what %s gets a page with status %d', async (_, status, kind, script) => {
  stand.authz.say(script);
  const answer = await page(['GET / HTTP/1.1']);
  stand.authz.say(() => letIn());
  expect(answer.status).toBe(status);
  expectPage(answer, kind);
});

test('a response that is not HTTP gets a page with status 502 about ComfyUI', async () => {
  const answer = await page(['GET / HTTP/1.1'], { of: broken });
  expect(answer.status).toBe(502);
  expectPage(answer, 'bad-gateway');
});

test('while ComfyUI is down the page names it and loads again by itself', async () => {
  const down = await startStand({ config });
  await down.upstream.close();
  let answer = await page(['GET / HTTP/1.1'], { of: down });
  for (let tries = 0; tries < 100 && answer.status !== 503; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = await page(['GET / HTTP/1.1'], { of: down });
  }
  expectPage(answer, 'comfyui-unavailable');
  expect(answer.head).toMatch(/refresh: 5\r?$/im);
  await down.stop();
});

test('while the service is down the page names the gateway and loads again by itself', async () => {
  const down = await startStand({ config });
  down.authz.close();
  const answer = await page(['GET / HTTP/1.1'], { of: down });
  expect(answer.status).toBe(503);
  expectPage(answer, 'unavailable');
  expect(answer.head).toMatch(/refresh: 5\r?$/im);
  await down.stop();
});

test('a request that is rejected before it has an id of Envoy gets a page without one', async () => {
  const answer = await page(['GET /%00 HTTP/1.1', 'X-Request-Id: <b>mine</b>']);
  expect(answer.status).toBe(400);
  expect(text(answer)).toContain(`<h1>${ERROR_TEXTS.en.malformed.title}</h1>`);
  expect(text(answer)).toContain('<code>-</code>');
});

test('the configured answer of a public path stays as it is', async () => {
  const answer = await page(['GET /hello HTTP/1.1']);
  expect(answer).toMatchObject({ status: 404, body: 'mine' });
});

test.each([
  [
    421,
    'other.example.com',
    { code: 'unknown-host', message: 'No endpoint is configured for this host name.' },
  ],
  [400, 'comfy.example.com:x', { code: 'malformed', message: 'Malformed or ambiguous request.' }],
])('programs get JSON with status %d', async (status, host, error) => {
  const answer = await rawRequest(stand.envoy.port, {
    lines: ['GET / HTTP/1.1', 'Accept: */*'],
    host,
  });
  expect(answer.status).toBe(status);
  const requestId = expect.stringMatching(new RegExp(`^${UUID}$`)) as string;
  expect(JSON.parse(answer.body)).toEqual({ error: { ...error, requestId } });
});

test.each([
  ['an unknown host', ['GET / HTTP/1.1'], 'other.example.com'],
  ['a malformed host', ['GET / HTTP/1.1'], '<script>alert(1)</script>'],
  ['a header with an underscore', ['GET / HTTP/1.1', 'X_Y: <script>alert(1)</script>'], undefined],
  ['a path with a script', ['GET /<script>alert(1)</script> HTTP/1.1'], 'other.example.com'],
  ['a method that does not exist', ['<script> / HTTP/1.1'], 'other.example.com'],
  ['no host', ['GET / HTTP/1.1'], ''],
  ['another version of HTTP', ['GET / HTTP/1.0'], 'other.example.com'],
  ['an escaped zero byte', ['GET /%00 HTTP/1.1'], undefined],
  ['a connection to elsewhere', ['CONNECT <script>:1 HTTP/1.1'], undefined],
  ['another kind of upgrade', ['GET / HTTP/1.1', 'Upgrade: <script>'], undefined],
])('a response to %s shows nothing of the request', async (_, lines, host) => {
  const own = ['X-Request-Id: <script>alert(1)</script>', 'Accept-Language: <script>', 'Referer: <script>'];
  const answer = await page([...lines, ...own], host === undefined ? {} : { host });
  expect(answer.head + answer.body).not.toContain('<script');
  expect(answer.body.length).toBeLessThan(8000);
});
