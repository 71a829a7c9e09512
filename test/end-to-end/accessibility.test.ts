import { spawnSync } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoPython } from '../../src/install/ensure-comfyui.ts';
import { errorPage } from '../../src/pages/error-page.ts';
import { AFFECTED, type ErrorKind } from '../../src/pages/error-texts.ts';
import { LANGUAGES } from '../../src/pages/language.ts';
import { startPortalGateway } from '../envoy/portal-gateway.ts';
import { violations } from './axe.ts';
import { launchChromium } from './comfyui-page.ts';

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

/** The plugin's pages for each status. */
function pagesOfPlugin(language: string): string[] {
  const program = `import json, sys, types
sys.path.insert(0, "plugin")
from comfyui_tenant.pages import render
request = types.SimpleNamespace(headers={"Accept-Language": sys.argv[1], "X-Request-Id": "5a6b-1"})
print(json.dumps([render(request, status, None) for status in (400, 401, 403, 404, 405, 413, 429, 500, 503, 507)]))`;
  const { stdout, stderr } = spawnSync(demoPython('.tools'), ['-c', program, language], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

test.each(
  LANGUAGES.flatMap((language) => (['light', 'dark'] as const).map((scheme) => [language, scheme] as const)),
)(
  'axe-core reports nothing on the page of any error, by the gateway or the plugin: %s, %s',
  async (language, colorScheme) => {
    const page = await aPage({ colorScheme, width: 390 });
    const site = { title: 'Studio', notice: 'Ask the help desk.' };
    const kinds = Object.keys(AFFECTED) as ErrorKind[];
    const ours = kinds.map((kind) => errorPage({ kind, language, site, waitSeconds: 30 }, '5a6b-1'));
    for (const html of [...ours, ...pagesOfPlugin(language)]) {
      await page.setContent(html);
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    }
    await page.context().close();
  },
);
