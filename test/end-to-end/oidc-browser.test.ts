import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/stack/ports.ts';
import { startEchoUpstream } from '../envoy/echo-upstream.ts';
import { startRealGateway, type RealGateway } from '../envoy/real-service.ts';
import { startProvider, type RealProvider } from '../oidc/real-provider.ts';
import { launchChromium, PATIENCE_MS } from './comfyui-page.ts';

const SCREENSHOTS = '.test-output';
const HOST = 'studio.example.com';

let provider: RealProvider;
let upstream: Awaited<ReturnType<typeof startEchoUpstream>>;
let gateway: RealGateway;
let browser: Browser;
let site: string;
let context: BrowserContext;
let page: Page;

const config = (): string => `
endpoints:
  - name: studio
    domains: [${HOST}]
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth:
      method: JWT
      issuers:
        - issuer: "${provider.issuer}"
          audience: api
          jwks: { discover: true, allowHttp: true, cooldown: 1s }
          signIn: { oidc: { clientId: comfy, clientSecret: secret of the client } }
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
service: { listen: "unix:authz.sock" }
admin: { listen: 127.0.0.1:0 }
portal: { title: Studio, notice: Ask the help desk. }
`;

beforeAll(async () => {
  const port = await freePort();
  site = `http://${HOST}:${port}`;
  provider = await startProvider({
    redirect_uris: [`${site}/_auth/oidc/callback`],
    post_logout_redirect_uris: [`${site}/_auth/oidc/signed-out`],
  });
  upstream = await startEchoUpstream();
  [gateway, browser] = await Promise.all([
    startRealGateway({ config: config(), port, ready: [] }),
    launchChromium([`--host-resolver-rules=MAP ${HOST} 127.0.0.1`]),
  ]);
  mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
  await upstream.close();
  await provider.stop();
});
beforeEach(async () => {
  context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  page = await context.newPage();
  upstream.seen.length = 0;
  return () => context.close();
});

const users = (): (string | undefined)[] =>
  upstream.seen
    .filter(({ url }) => url.startsWith('/?'))
    .map(({ headers }) => Object.fromEntries(headers)['x-funart-comfy-userid']);

async function signInAtProvider(name: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
}

async function open(): Promise<void> {
  await page.goto(`${site}/?workflow=cat`);
}

test('a person signs in at the provider, and signs out here and there', async () => {
  await open();
  await signInAtProvider('alice');
  await page.getByText('reached ComfyUI').waitFor();
  expect(page.url()).toBe(`${site}/?workflow=cat`);
  expect(users()).toEqual(['alice']);

  await page.goto(`${site}/_auth/account`);
  await page.getByText('You are signed in as alice.').waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/oidc-account.png` });
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/oidc-signed-out.png` });
  expect(new URL(page.url()).origin).toBe(site);
  expect((await context.cookies()).map(({ name }) => name)).not.toContain('comfy_session');

  await open();
  await signInAtProvider('bob');
  await page.getByText('reached ComfyUI').waitFor();
  expect(users()).toEqual(['alice', 'bob']);
});

test('who is signed in at the provider needs no password; another account does', async () => {
  await open();
  await signInAtProvider('alice');
  await page.getByText('reached ComfyUI').waitFor();
  await context.clearCookies({ name: 'comfy_session' });
  await open();
  await page.getByText('reached ComfyUI').waitFor();
  expect(users()).toEqual(['alice', 'alice']);

  await page.goto(`${site}/_auth/sign-in`);
  await page.getByRole('button', { name: 'Use another account' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.getByRole('link', { name: 'Sign in again' }).click();
  await signInAtProvider('carol');
  await open();
  await page.getByText('reached ComfyUI').waitFor();
  expect(users().at(-1)).toBe('carol');
});

test('who cancels at the provider gets a page that explains it, and can try again', async () => {
  await open();
  await page.getByText('[ Cancel ]').click();
  await page.getByText('Sign-in was cancelled').waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}/oidc-cancelled.png` });
  expect(new URL(page.url()).origin).toBe(site);
  expect(users()).toEqual([]);
  await page.getByRole('link', { name: 'Use another account' }).click();
  await signInAtProvider('alice');
  await page.getByText('reached ComfyUI').waitFor();
});
