import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPortalGateway } from '../envoy/portal-gateway.ts';
import { launchChromium } from './comfyui-page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HOST = 'localhost';

let gateway: Awaited<ReturnType<typeof startPortalGateway>>;
let browser: Browser;
beforeAll(async () => {
  [gateway, browser] = await Promise.all([startPortalGateway({ host: HOST }), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

interface Look {
  readonly locale?: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
}

async function aPage({ locale = 'en-US', colorScheme = 'light', width = 1280 }: Look): Promise<Page> {
  // Lets axe-core run; the pages' own policy is tested elsewhere.
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ locale, colorScheme, viewport, bypassCSP: true });
  return context.newPage();
}

/** What axe-core reports, as `rule: elements`. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

const url = (path: string): string => `http://${HOST}:${gateway.port}${path}`;

async function signIn(page: Page, password: string): Promise<void> {
  await page.goto(url('/_auth/sign-in'));
  await page.locator('[name=username]').fill('alice');
  await page.locator('[name=password]').fill(password);
  await page.keyboard.press('Enter');
}

const LOOKS: Look[] = [
  {},
  { colorScheme: 'dark', width: 390 },
  { locale: 'zh-CN', colorScheme: 'dark' },
  { locale: 'zh-CN', width: 390 },
];

test.each(LOOKS)('axe-core reports nothing on the pages of sign-in and account: %j', async (look) => {
  const page = await aPage(look);
  await page.goto(url('/'));
  expect(await violations(page)).toEqual([]);
  await signIn(page, 'wrong');
  await page.getByRole('alert').waitFor();
  expect(await violations(page)).toEqual([]);
  await signIn(page, 'tulip');
  await page.getByText('reached ComfyUI').waitFor();
  await page.goto(url('/_auth/account'));
  expect(await violations(page)).toEqual([]);
  await page.locator('[name=name]').fill(`script ${JSON.stringify(look)}`);
  await page.locator('form[action="/_auth/access-tokens"] button').click();
  await page.locator('code.token').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.goto(url('/_auth/account'));
  expect(await violations(page)).toEqual([]);
  await page.locator('form[action="/_auth/sign-out"] button').first().click();
  await page.getByRole('status').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.context().close();
});

test.each(LOOKS)('axe-core reports nothing on error pages: %j', async (look) => {
  const page = await aPage(look);
  for (const path of ['/_auth/nothing', '/_AUTH/x', `/${'x'.repeat(62_000)}`]) {
    const response = await page.goto(url(path));
    expect(response?.status()).toBeGreaterThanOrEqual(400);
    expect(await violations(page)).toEqual([]);
  }
  await page.context().close();
});
