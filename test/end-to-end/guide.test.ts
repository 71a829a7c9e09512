import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ensureComfyui } from '../../src/install/ensure-comfyui.ts';
import { withInstallLock } from '../../src/install/install-lock.ts';
import { PACKAGE_ROOT } from '../../src/install/package-root.ts';
import { launchDemo } from '../../src/stack/comfyui-launch.ts';
import { freePort } from '../../src/stack/ports.ts';
import { openPrograms, type Programs } from '../../src/stack/programs.ts';
import { startComfyui } from '../../src/stack/start-comfyui.ts';
import { AUDIENCE, aKey, aToken, ISSUER, type SigningKey } from '../support/tokens.ts';
import { ComfyuiPage, launchChromium, PATIENCE_MS } from './comfyui-page.ts';
import { STARTING } from './demo.ts';

const PASSWORD = 'correct horse battery';
const SCREENSHOTS = '.test-output';
const folder = mkdtempSync(join(tmpdir(), 'comfy-tenant-guide-'));
const file = join(folder, 'comfy-tenant.yaml');

let programs: Programs;
let browser: Browser;
let console_: Page;
let gateway: string;
let comfyui: string;
let key: SigningKey;

/** `up` with a configuration that has no endpoint, and a ComfyUI that waits for its keys. */
async function startEverything(): Promise<{ admin: string }> {
  const [port, gatewayPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  gateway = `http://127.0.0.1:${gatewayPort}`;
  comfyui = `http://127.0.0.1:${port}`;
  writeFileSync(
    file,
    `# Set up in the console.\nendpoints: []\ngateway: { listen: 127.0.0.1:${gatewayPort} }\nadmin: { listen: 127.0.0.1:${adminPort} }\n`,
  );
  const search = {
    env: process.env,
    toolsFolder: join(PACKAGE_ROOT, '.tools'),
    report: () => undefined,
  };
  const launch = launchDemo(await ensureComfyui(search), join(folder, 'base'), process.env);
  const up = await programs.start({
    name: 'comfy-tenant up',
    command: process.execPath,
    args: ['--import', 'tsx', join(PACKAGE_ROOT, 'src/main.ts'), 'up', '--config', file],
    env: process.env,
    cwd: PACKAGE_ROOT,
    logFile: join(folder, 'up.log'),
  });
  const admin = `http://127.0.0.1:${adminPort}`;
  const isReady = async (): Promise<boolean> =>
    (await fetch(`${admin}/readyz`).catch(() => undefined))?.ok === true;
  await vi.waitUntil(async () => up.hasEnded() || (await isReady()), { timeout: PATIENCE_MS, interval: 200 });
  expect(up.hasEnded()).toBe(false);
  const keyFile = join(folder, '.comfy-tenant', 'public', 'comfyui.json');
  await startComfyui({ launch, host: '127.0.0.1', port, keyFile, folder, programs });
  return { admin };
}

/** The account page of the console, by the link of the command. */
async function openConsole(admin: string): Promise<void> {
  const link = await programs.start({
    name: 'console link',
    command: process.execPath,
    args: ['--import', 'tsx', join(PACKAGE_ROOT, 'src/main.ts'), 'console', 'link', '--config', file],
    env: process.env,
    cwd: PACKAGE_ROOT,
    logFile: join(folder, 'link.log'),
  });
  await link.ended;
  const url = /http\S+/.exec(readFileSync(join(folder, 'link.log'), 'utf8'))?.[0] ?? '';
  expect(url.startsWith(admin)).toBe(true);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  console_ = await context.newPage();
  await console_.goto(url);
  await console_.getByLabel('Name').fill('olga');
  await console_.getByLabel('Password').fill(PASSWORD);
  await console_.getByRole('button', { name: 'Set password' }).click();
}

beforeAll(async () => {
  programs = openPrograms();
  mkdirSync(SCREENSHOTS, { recursive: true });
  [browser, key] = await Promise.all([launchChromium(), aKey('ES256')]);
  const { admin } = await withInstallLock(STARTING, startEverything);
  await openConsole(admin);
});
afterAll(async () => {
  await browser.close();
  await programs.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

async function saveAndDeploy(reason: string): Promise<void> {
  await console_.getByRole('link', { name: 'Save and Deploy' }).first().click();
  await console_.getByLabel('Reason').fill(reason);
  await console_.getByRole('button', { name: 'Save and Deploy' }).click();
  await console_.getByText('Deployed. The service uses this revision now').waitFor();
}

async function verifyInTheConsole(): Promise<void> {
  await console_.getByRole('link', { name: 'Verify' }).click();
  await console_.getByRole('button', { name: 'Verify with two users' }).click();
  // The page loads itself again until the result is there.
  await console_.getByText('Isolated: no leak was found.').waitFor();
}

/** Closes the templates, which ComfyUI shows on a first visit. */
async function firstVisit(page: Page, name?: string): Promise<ComfyuiPage> {
  const comfyuiPage = await ComfyuiPage.ready(page, name);
  const close = page.locator('.workflow-template-selector-dialog button.absolute:visible');
  await close.first().click();
  await page.locator('.p-dialog-mask').waitFor({ state: 'detached' });
  return comfyuiPage;
}

/** Someone saves a workflow in ComfyUI's own page, and someone else does not find it. */
async function expectIsolation(one: ComfyuiPage, other: ComfyuiPage, name: string): Promise<void> {
  await one.saveAs('Unsaved Workflow', name);
  await expect.poll(() => one.workflows(), { timeout: PATIENCE_MS }).toContain(`${name}.json`);
  expect(await other.workflows()).not.toContain(`${name}.json`);
  await other.page.reload();
  expect(await (await ComfyuiPage.ready(other.page)).workflows()).not.toContain(`${name}.json`);
  await one.page.reload();
  expect(await (await ComfyuiPage.ready(one.page)).workflows()).toContain(`${name}.json`);
}

test('option BASIC, click by click: from an empty configuration to two isolated users in ComfyUI', async () => {
  expect((await fetch(gateway)).status).toBe(421);
  await console_.getByRole('link', { name: 'Endpoints' }).click();
  await console_.getByRole('textbox', { name: 'Name', exact: true }).fill('studio');
  await console_.getByRole('textbox', { name: 'ComfyUI' }).fill(comfyui);
  await console_.getByLabel('BASIC: a USER list').check();
  await console_.getByRole('button', { name: 'Create an endpoint' }).click();
  for (const user of ['alice', 'bob']) {
    await console_.locator('#user-username').fill(user);
    await console_.locator('#user-password').fill(`the password of ${user}`);
    await console_.getByRole('button', { name: 'Add a user' }).click();
    await console_.getByRole('rowheader', { name: user }).waitFor();
  }
  await console_.screenshot({ path: `${SCREENSHOTS}/guide-users.png` });
  await saveAndDeploy('two users');
  await verifyInTheConsole();
  await console_.screenshot({ path: `${SCREENSHOTS}/guide-verified.png`, fullPage: true });

  const open = async (user: string): Promise<ComfyuiPage> => {
    const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await page.goto(gateway);
    await page.getByLabel('User name').fill(user);
    await page.getByLabel('Password').fill(`the password of ${user}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    return firstVisit(page, user);
  };
  await expectIsolation(await open('alice'), await open('bob'), 'of-alice');
});

test('option JWT, click by click: keys, a claim and a cookie; then two isolated users in ComfyUI', async () => {
  await console_.getByRole('link', { name: 'Endpoints' }).click();
  await console_.getByRole('link', { name: 'studio' }).click();
  await console_.getByLabel('JWT: tokens of an identity provider').check();
  await console_.locator('form[action="/console/endpoints/method"] button').click();
  await console_.getByLabel('Issuer (the claim iss)').fill(ISSUER);
  await console_.getByLabel('Audience (the claim aud)').fill(AUDIENCE);
  await console_.getByLabel('The JWKS, its URL, or the file').fill(JSON.stringify({ keys: [key.jwk] }));
  await console_.getByRole('button', { name: 'Set issuer and keys' }).click();
  await console_.getByRole('rowheader', { name: 'ES256-1' }).waitFor();
  await expect(console_.getByRole('rowheader', { name: 'X-FunArt-Comfy-UserId' }).count()).resolves.toBe(1);
  await console_.locator('#lookups-location').selectOption('COOKIE');
  await console_.locator('#lookups-name').fill('token');
  await console_.locator('form[action="/console/endpoints/lookups"] button').click();
  await saveAndDeploy('tokens of the portal');
  await verifyInTheConsole();

  const open = async (sub: string): Promise<ComfyuiPage> => {
    const context: BrowserContext = await browser.newContext({ viewport: { width: 1600, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addCookies([{ name: 'token', value: await aToken(key, { sub }), url: gateway }]);
    const page = await context.newPage();
    await page.goto(gateway);
    return firstVisit(page);
  };
  const [carol, dave] = [await open('carol'), await open('dave')];
  await expectIsolation(carol, dave, 'of-carol');
  await carol.page.screenshot({ path: `${SCREENSHOTS}/guide-carol.png` });
  // Without a token, and with the old password, no one gets in.
  expect((await fetch(`${gateway}/api/userdata?dir=workflows`)).status).toBe(401);
  const old = `Basic ${Buffer.from('alice:the password of alice').toString('base64')}`;
  expect((await fetch(gateway, { headers: { authorization: old } })).status).toBe(401);
});
