import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './axe.ts';
import { ComfyuiPage, launchChromium, signIn } from './comfyui-page.ts';
import { startDemo, type Demo } from './demo.ts';

const SCREENSHOTS = '.test-output';
let demo: Demo;
let browser: Browser;
beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchChromium()]);
  mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await demo.stop();
});

const shot = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: `${SCREENSHOTS}/sign-in-${name}.png` });

test(
  'alice signs in, works, signs out; bob signs in with the same browser and finds nothing of hers',
  { timeout: 180_000 },
  async () => {
    const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${demo.url}/?kept=1`);
    await shot(page, 'page');
    await page.getByLabel('User name').fill('alice');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('The user name or the password is wrong.').waitFor();
    await shot(page, 'wrong');
    expect(await page.getByLabel('User name').inputValue()).toBe('alice');
    await page.getByLabel('Password').fill(demo.passwords.alice);
    const socket = page.waitForEvent('websocket');
    await page.keyboard.press('Enter');
    const alice = await ComfyuiPage.ready(page, 'alice');
    expect(new URL(page.url()).search).toBe('?kept=1');

    const events = new Set<string>();
    (await socket).on('framereceived', ({ payload }) => {
      const type = /"type": ?"([a-z_]+)"/.exec(payload.toString())?.[1];
      if (type !== undefined) events.add(type);
    });
    await alice.openWorkflow('hello.json');
    await alice.run();
    await expect.poll(() => alice.queueImages(), { timeout: 30_000 }).not.toEqual([]);
    expect([...events]).toEqual(expect.arrayContaining(['executing', 'executed']));
    await alice.saveAs('hello', 'alice-only');
    await shot(page, 'alice');

    await page.getByRole('button', { name: 'Account: alice' }).click();
    await page.getByRole('button', { name: 'Switch account' }).waitFor();
    await shot(page, 'menu');
    expect(await violations(page, '#comfy-tenant-menu')).toEqual([]);

    await page.goto(`${demo.url}/_auth/account`);
    await page.getByText('You are signed in as alice.').waitFor();
    await shot(page, 'account');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByText('You are signed out.').waitFor();
    await shot(page, 'signed-out');
    await page.goto(demo.url);
    await page.getByLabel('Password').waitFor();

    await signIn(page, demo, 'bob');
    const bob = await ComfyuiPage.ready(page, 'bob');
    expect(await bob.workflows()).toEqual(['hello.json']);
    expect(await bob.queueImages()).toEqual([]);
    expect(await page.content()).not.toContain('alice-only');
    await shot(page, 'bob');
    await context.close();
  },
);

test(
  'the page works without JavaScript, in Chinese, in the dark and on a phone',
  { timeout: 60_000 },
  async () => {
    const context = await browser.newContext({
      javaScriptEnabled: false,
      locale: 'zh-CN',
      colorScheme: 'dark',
      viewport: { width: 390, height: 844 },
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' && page.url().includes('/_auth/')) problems.push(message.text());
    });
    await page.goto(demo.url);
    await page.getByLabel('用户名').fill('alice');
    await page.getByLabel('密码').fill(demo.passwords.alice);
    await shot(page, 'chinese-dark');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.getByRole('button', { name: '登录' }).click();
    await page.waitForURL(`${demo.url}/`);
    await page.goto(`${demo.url}/_auth/account`);
    await page.getByText('您已登录为 alice。').waitFor();
    await shot(page, 'chinese-account');
    expect(problems).toEqual([]);
    await context.close();
  },
);
