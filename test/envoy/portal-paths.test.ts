import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { HOST, startPortalGateway } from './portal-gateway.ts';
import { rawRequest } from './raw-request.ts';

let gateway: Awaited<ReturnType<typeof startPortalGateway>>;
beforeAll(async () => {
  gateway = await startPortalGateway();
});
afterAll(async () => {
  await gateway.stop();
});
beforeEach(() => {
  gateway.forget();
});

const seen = () => gateway.seen();

test.each([
  '/_auth',
  '/_auth/',
  '/_auth/x',
  '//_auth/x',
  '/_AUTH/x',
  '/_auth;x/y',
  '/_auth%2fx',
  '/%2f_auth/x',
  '/%5f%61uth/x',
  '/%5cauth/../_auth/x',
  '/x/..%2f_auth/x',
  '/x/%2e%2e%2f_auth/x',
  '/x/..%5c_auth',
  '/.%2f_auth',
  '/./_auth',
  '\\_auth',
  '/_auth?x',
  '/_auth%3fx',
])('%s does not reach ComfyUI, with or without credentials', async (path) => {
  const head = (more: string[]) => ({ lines: [`GET ${path} HTTP/1.1`, ...more], host: HOST });
  await rawRequest(gateway.port, head([]));
  await rawRequest(gateway.port, head([`Authorization: ${basic('alice', 'tulip')}`]));
  expect(seen()).toEqual([]);
});

test.each([
  '/_auth/../queue',
  '/_auth/%2e%2e/queue',
  '/_authx',
  '/x/_auth',
  '/api/userdata/a%2F_auth%2Fb.json',
])('%s is an ordinary path: it needs credentials and reaches ComfyUI with them', async (path) => {
  const lines = [`GET ${path} HTTP/1.1`];
  expect((await rawRequest(gateway.port, { lines, host: HOST })).status).toBe(401);
  const signed = [...lines, `Authorization: ${basic('alice', 'tulip')}`];
  expect((await rawRequest(gateway.port, { lines: signed, host: HOST })).status).toBe(200);
});
