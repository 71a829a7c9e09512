import { mkdirSync, readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, startConsole } from '../console/start-console.ts';
import { violations } from './axe.ts';
import { launchChromium } from './comfyui-page.ts';

const SCREENSHOTS = '.test-output';

let started: Awaited<ReturnType<typeof startConsole>>;
let browser: Browser;
beforeAll(async () => {
  [started, browser] = await Promise.all([startConsole(), launchChromium()]);
  mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await started.close();
});

const LOOKS = [
  { locale: 'en-US', colorScheme: 'light', width: 1280 },
  { locale: 'zh-CN', colorScheme: 'dark', width: 390 },
] as const;

test.each(LOOKS)(
  'from the link to a deployed change with the keyboard, and axe-core reports nothing: %j',
  async ({ locale, colorScheme, width }) => {
    // Lets axe-core run; test/console tests the policy.
    const viewport = { width, height: 900 };
    const context = await browser.newContext({ locale, colorScheme, viewport, bypassCSP: true });
    const page = await context.newPage();
    const looked = async (name: string): Promise<void> => {
      await page.screenshot({ path: `${SCREENSHOTS}/console-${name}-${locale}.png`, fullPage: true });
      expect(await violations(page)).toEqual([]);
      const tooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
      expect(await page.evaluate<boolean>(tooWide), `${name} scrolls sideways`).toBe(false);
    };
    const url = (path: string): string => `http://127.0.0.1:${started.port}/console/${path}`;
    const user = `user-${locale.toLowerCase()}`;

    await page.goto(url(`setup?link=${await started.accounts.createLink({ role: 'administrator' })}`));
    await looked('setup');
    await page.locator('[name=name]').fill(`admin-${locale}`);
    await page.locator('[name=password]').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('a[href="/console/endpoints/studio"]').waitFor();
    await looked('endpoints');
    await page.locator('a[href="/console/endpoints/studio"]').click();
    await page.locator('#user-username').fill(user);
    await page.locator('#user-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('rowheader', { name: user }).waitFor();
    await looked('endpoint');
    await page.locator('nav a[href="/console/deploy"]').click();
    await page.locator('[name=reason]').waitFor();
    await looked('deploy');
    await page.locator('[name=reason]').fill('a new colleague');
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    await looked('deployed');
    expect(readFileSync(started.file, 'utf8')).toContain(`username: ${user}`);
    for (const name of ['history', 'status']) {
      await page.goto(url(name));
      await looked(name);
    }
    await page.locator('form[action="/console/sign-out"] button').click();
    await page.locator('[name=password]').waitFor();
    await looked('sign-in');
    await context.close();
  },
);
