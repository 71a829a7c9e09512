import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { encodeDenied } from '../../src/ext-authz/check-response.ts';
import { freePort } from '../../src/stack/ports.ts';
import { writeCertificate } from './a-certificate.ts';
import { rawRequest } from './raw-request.ts';
import { startEnvoy, type RunningEnvoy } from './run-envoy.ts';
import { letIn } from './scripted-authz.ts';
import { aConfig, startStand, type Stand } from './stand.ts';

const HSTS = 'max-age=31536000';
let stand: Stand;
let ca: Buffer;
let plain: number;
let edge: RunningEnvoy;
let picky: RunningEnvoy;

beforeAll(async () => {
  stand = await startStand();
  const { directory, upstream } = stand;
  ca = writeCertificate(directory.path);
  plain = await freePort();
  const config = (tls: string): string => `${aConfig(upstream.port)}gateway: ${tls}\n`;
  const files = 'certFile: tls.crt, keyFile: tls.key';
  const redirectFrom = `redirectFrom: "127.0.0.1:${String(plain)}"`;
  edge = await startEnvoy({ directory, preset: 'edge-tls', config: config(`{ tls: { ${files} }, ${redirectFrom} }`) }); // prettier-ignore
  picky = await startEnvoy({ directory, preset: 'edge-tls', config: config(`{ tls: { ${files}, clientCaFile: tls.crt } }`) }); // prettier-ignore
  await vi.waitUntil(async () => (await get(edge)).status === 200, WAIT);
  await vi.waitUntil(async () => (await get(picky, clientPair())).status === 200, WAIT);
});
afterAll(async () => {
  await edge.stop();
  await picky.stop();
  await stand.stop();
});
beforeEach(() => {
  stand.authz.say(() => letIn());
  stand.authz.asked.length = 0;
  stand.upstream.seen.length = 0;
});

/** Health checks take a moment at the start. */
const WAIT = { timeout: 60_000, interval: 100 };

function clientPair() {
  const file = (name: string): Buffer => readFileSync(join(stand.directory.path, name));
  return { cert: file('tls.crt'), key: file('tls.key') };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

function get(envoy: RunningEnvoy, options: RequestOptions = {}): Promise<Answer> {
  const { promise, resolve, reject } = withResolvers<Answer>();
  const to = { host: '127.0.0.1', port: envoy.port, servername: 'comfy.example.com', ca, agent: false };
  const headers = { host: 'comfy.example.com' };
  const sent = request({ ...to, path: '/queue', headers, ...options }, (answer) => {
    answer.resume().once('end', () => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
    });
  });
  sent.once('error', reject).end();
  return promise;
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

test('every answer over TLS tells browsers to stay with TLS', async () => {
  expect(await get(edge)).toMatchObject({ status: 200, headers: { 'strict-transport-security': HSTS } });
  const refusal = { status: 401, headers: [], body: 'no', metadata: [['reason', 'missing']] as const };
  stand.authz.say(() => encodeDenied(refusal));
  expect(await get(edge)).toMatchObject({ status: 401, headers: { 'strict-transport-security': HSTS } });
});

test('the same over HTTP/2, where a forged id arrives no more than elsewhere', async () => {
  const session = connectHttp2(`https://127.0.0.1:${String(edge.port)}`, {
    ca,
    servername: 'comfy.example.com',
  });
  const forged = { 'x-funart-comfy-userid': 'mallory' };
  const stream = session.request({ ':path': '/queue', ':authority': 'comfy.example.com', ...forged });
  const status = await new Promise((resolve) => {
    stream.once('response', (headers) => {
      resolve(headers[':status']);
    });
  });
  session.destroy();
  expect(status).toBe(200);
  expect(JSON.stringify(stand.upstream.seen)).not.toContain('mallory');
});

const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;

test('TLS older than 1.2 is refused', async () => {
  await expect(get(edge, { ...OLD, ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow('protocol version');
  expect(stand.authz.asked).toEqual([]);
});

test('plain HTTP is sent to TLS, and reaches nothing', async () => {
  const lines = ['POST /prompt?x=1 HTTP/1.1', 'Content-Length: 0'];
  const answer = await rawRequest(plain, { lines, host: 'comfy.example.com:80' });
  expect(answer.status).toBe(308);
  const port = String(edge.port);
  expect(answer.head).toContain(`location: https://comfy.example.com:${port}/prompt?x=1`);
  expect(stand.authz.asked).toEqual([]);
  expect(stand.upstream.seen).toEqual([]);
});

test.each([
  'comfy.example.com:abc',
  'comfy.example.com:-1',
  'user@comfy.example.com',
  'comfy.example.com:80.',
])('plain HTTP does not redirect to %s, which is not a host', async (host) => {
  const answer = await rawRequest(plain, { lines: ['GET / HTTP/1.1'], host });
  expect([400, 421]).toContain(answer.status);
  expect(answer.head).not.toMatch(/^location:/im);
});

test('plain HTTP does not redirect to an unknown host', async () => {
  const answer = await rawRequest(plain, { lines: ['GET / HTTP/1.1'], host: 'evil.example' });
  expect(answer.status).toBe(421);
  expect(answer.head).not.toContain('location');
});

test('with clientCaFile only clients of that authority are let in', async () => {
  await expect(get(picky)).rejects.toThrow(/certificate required|socket hang up|ECONNRESET|EPIPE/);
  expect(stand.authz.asked).toEqual([]);
  expect(await get(picky, clientPair())).toMatchObject({ status: 200 });
});
