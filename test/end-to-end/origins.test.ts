import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hashSync } from '@node-rs/bcrypt';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startEchoUpstream, type EchoUpstream } from '../envoy/echo-upstream.ts';
import { startRealGateway, type RealGateway } from '../envoy/real-service.ts';
import { basic } from '../support/requests.ts';

let upstream: EchoUpstream;
let gateway: RealGateway;
let pages: Server;
let browser: Browser;
let url: string;
/** A page on another port of the same site, allowed; another port, not allowed; and another site. */
let origins: { portal: string; sibling: string; evil: string };

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
const aPage = (): Server =>
  createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title>'),
  );

let siblingPages: Server;
beforeAll(async () => {
  upstream = await startEchoUpstream();
  pages = aPage();
  siblingPages = aPage();
  const [port, siblingPort] = [await listen(pages), await listen(siblingPages)];
  origins = {
    portal: `http://127.0.0.1:${port}`,
    sibling: `http://127.0.0.1:${siblingPort}`,
    evil: `http://localhost:${siblingPort}`,
  };
  const config = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth: { method: BASIC, signIn: browser, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
    allowedOrigins: ["${origins.portal}"]
service: { listen: "unix:authz.sock" }
`;
  gateway = await startRealGateway({ config, ready: [['comfy.example.com', basic('alice', 'tulip')]] });
  url = `http://127.0.0.1:${gateway.envoy.port}`;
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
  await upstream.close();
  pages.close();
  siblingPages.close();
});
beforeEach(() => {
  upstream.seen.length = 0;
});

/** A page of an origin, in a browser that is signed in to the gateway. */
async function pageOf(origin: string): Promise<Page> {
  const httpCredentials = { username: 'alice', password: 'tulip', origin: url };
  const page = await (await browser.newContext({ httpCredentials })).newPage();
  const signedIn = await page.goto(`${url}/queue`);
  expect(signedIn?.status()).toBe(200);
  await page.goto(origin);
  upstream.seen.length = 0;
  return page;
}
/** What reached ComfyUI; browsers ask for the icon of each page, also of our error page. */
const paths = (): string[] =>
  upstream.seen.map(({ method, url }) => `${method} ${url}`).filter((one) => one !== 'GET /favicon.ico');

/** In the page: what a fetch gives, or that it fails. */
const fetched = (page: Page, path: string, init: Record<string, unknown> = {}) =>
  page.evaluate(
    async ([address, options]) => {
      try {
        const response = await fetch(address, { credentials: 'include', ...options });
        return { status: response.status, text: await response.text() };
      } catch {
        return 'failed';
      }
    },
    [`${url}${path}`, init] as const,
  );

/** In the page: opens a WebSocket, and waits until it is open or closed. */
const connects = (page: Page) =>
  page.evaluate(
    (address) =>
      new Promise<void>((resolve) => {
        const socket = new WebSocket(address);
        for (const event of ['open', 'close'])
          socket.addEventListener(event, () => {
            resolve();
          });
      }),
    `${url.replace('http', 'ws')}/ws`,
  );

test.each(['evil', 'sibling'] as const)(
  'a page of another origin (%s) reaches ComfyUI in no way, though the browser is signed in',
  async (who) => {
    const page = await pageOf(origins[who]);
    expect(await fetched(page, '/history')).toBe('failed');
    expect(await fetched(page, '/history', { mode: 'no-cors' })).toMatchObject({ text: '' });
    expect(await fetched(page, '/prompt', { method: 'POST', body: '{}' })).toBe('failed');
    expect(await fetched(page, '/prompt', { method: 'POST', body: '{}', mode: 'no-cors' })).toMatchObject({
      text: '',
    });
    expect(await fetched(page, '/free', { method: 'DELETE' })).toBe('failed');
    await connects(page);
    // Waits until each has loaded or failed.
    await page.setContent(
      `<img src="${url}/view?filename=a.png"><script src="${url}/extensions/x.js"></script><iframe src="${url}/queue"></iframe>
       <form method="post" action="${url}/interrupt"><button>send</button></form>`,
    );
    await page.getByText('send').click();
    await page.waitForURL(`${url}/interrupt`);
    expect(paths()).toEqual([]);
    await page.context().close();
  },
);

test('a link of another site leads to ComfyUI, signed in', async () => {
  const page = await pageOf(origins.evil);
  await page.setContent(`<a href="${url}/queue">go</a>`);
  await page.getByText('go').click();
  await page.getByText('reached ComfyUI').waitFor();
  expect(paths()).toEqual(['GET /queue']);
  await page.context().close();
});

test('a page of an allowed origin may do everything', async () => {
  const page = await pageOf(origins.portal);
  const reached = { status: 200, text: 'reached ComfyUI' };
  expect(await fetched(page, '/queue')).toMatchObject(reached);
  const headers = { 'content-type': 'application/json' };
  expect(await fetched(page, '/prompt', { method: 'POST', body: '{}', headers })).toMatchObject(reached);
  expect(await fetched(page, '/userdata/x', { method: 'DELETE' })).toMatchObject(reached);
  await connects(page);
  await page.setContent(`<iframe src="${url}/framed"></iframe>`);
  await expect.poll(paths).toContain('GET /framed');
  expect(paths()).toEqual(
    expect.arrayContaining(['GET /queue', 'POST /prompt', 'DELETE /userdata/x', 'GET /ws']),
  );
  await page.context().close();
});
