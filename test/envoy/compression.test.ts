import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hashSync } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';
import { PAGE } from './visitor.ts';

const HOST = 'comfy.example.com';
const AS_ALICE = basic('alice', 'tulip');
const BODY = JSON.stringify(Array.from({ length: 2000 }, (_, n) => ({ node: n, kind: 'IMAGE' })));
const RESPONSES: Record<string, { status?: number; headers: Record<string, string>; body: string | Buffer }> =
  {
    '/object_info': { headers: { 'content-type': 'application/json; charset=utf-8' }, body: BODY },
    '/a.js': { headers: { 'content-type': 'application/javascript', etag: '"one"' }, body: BODY },
    '/small': { headers: { 'content-type': 'application/json', 'content-length': '2' }, body: '{}' },
    '/view': { headers: { 'content-type': 'image/png' }, body: BODY },
    '/encoded': {
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(BODY),
    },
    '/part': {
      status: 206,
      headers: { 'content-type': 'application/json', 'content-range': 'bytes 0-1999/9999' },
      body: BODY.slice(0, 2000),
    },
  };

let upstream: Server;
let gateway: RealGateway;
beforeAll(async () => {
  upstream = createServer(({ url = '', headers }, response) => {
    const found = RESPONSES[url];
    if (
      found?.headers['etag'] !== undefined &&
      headers['if-none-match']?.includes(found.headers['etag']) === true
    )
      response.writeHead(304, found.headers).end();
    else response.writeHead(found?.status ?? 200, found?.headers).end(found?.body);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  gateway = await startRealGateway({
    config: `
endpoints:
  - name: studio
    domains: [${HOST}]
    upstream: http://127.0.0.1:${String((upstream.address() as AddressInfo).port)}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
service: { listen: "unix:authz.sock" }
admin: { listen: 127.0.0.1:0 }
`,
    ready: [[HOST, AS_ALICE]],
  });
});
afterAll(async () => {
  await gateway.stop();
  upstream.close();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const own = { host: HOST, authorization: AS_ALICE, ...headers };
    const sent = request({ host: '127.0.0.1', port: gateway.envoy.port, path, headers: own }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    sent.on('error', reject).end();
  });
}

const encodingOf = async (path: string, accept: string): Promise<string | undefined> =>
  (await ask(path, { 'accept-encoding': accept })).headers['content-encoding'];

test('text is compressed for clients that accept it, and unchanged for others', async () => {
  const { headers, body } = await ask('/object_info', { 'accept-encoding': 'gzip, deflate' });
  expect(headers).toMatchObject({
    'content-encoding': 'gzip',
    vary: expect.stringMatching(/accept-encoding/i) as string,
  });
  expect(gunzipSync(body).toString()).toBe(BODY);
  expect(body.length).toBeLessThan(BODY.length / 4);
  expect(await encodingOf('/object_info', 'gzip, deflate, br, zstd')).toBe('zstd');
  for (const accept of ['identity', 'br', 'gzip;q=0', '']) {
    const plain = await ask('/object_info', { 'accept-encoding': accept });
    expect([accept, plain.headers['content-encoding'], plain.body.toString()]).toEqual([
      accept,
      undefined,
      BODY,
    ]);
  }
});

test.each(['/small', '/view', '/part'])('%s is not', async (path) => {
  const { headers, body } = await ask(path, { 'accept-encoding': 'gzip, zstd' });
  expect(headers['content-encoding']).toBeUndefined();
  expect(body.toString()).toBe(RESPONSES[path]?.body);
});

test('what ComfyUI has compressed is not compressed again', async () => {
  const { headers, body } = await ask('/encoded', { 'accept-encoding': 'gzip, zstd' });
  expect(headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(body).toString()).toBe(BODY);
});

test('a browser can ask whether its compressed copy is still current', async () => {
  const { headers } = await ask('/a.js', { 'accept-encoding': 'gzip' });
  expect([headers['content-encoding'], headers.etag]).toEqual(['gzip', 'W/"one"']);
  const again = await ask('/a.js', { 'accept-encoding': 'gzip', 'if-none-match': headers.etag ?? '' });
  expect([again.status, again.body.length]).toEqual([304, 0]);
});

test('pages of the service are never compressed', async () => {
  for (const path of ['/_auth/sign-in?next=/aaaa', '/_auth/account', '/_auth/nothing']) {
    const { headers, body } = await ask(path, {
      ...PAGE,
      authorization: '',
      'accept-encoding': 'gzip, zstd',
    });
    expect([path, headers['content-encoding'], body.length > 1024 || headers.location !== undefined]).toEqual(
      [path, undefined, true],
    );
  }
});
