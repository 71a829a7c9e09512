import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, startConsole } from '../console/start-console.ts';
import { AUDIENCE, aKey, aToken, ISSUER, type SigningKey } from '../support/tokens.ts';
import { violations } from './axe.ts';
import { launchChromium } from './comfyui-page.ts';

const SCREENSHOTS = '.test-output';

let started: Awaited<ReturnType<typeof startConsole>>;
let browser: Browser;
let key: SigningKey;
beforeAll(async () => {
  [started, browser, key] = await Promise.all([startConsole(), launchChromium(), aKey('ES256')]);
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
    for (const name of ['history', 'status', 'people', 'audit', 'verify']) {
      await page.goto(url(name));
      await looked(name);
    }
    // The other option of the guide.
    await page.goto(url('endpoints'));
    await page.locator('#new-name').fill(`jwt-${locale.toLowerCase()}`);
    await page.locator('#new-domains').fill(`${locale.toLowerCase()}.example`);
    await page.locator('#new-upstream').fill('http://127.0.0.1:8299');
    await page.locator('form[action="/console/endpoints/create"] [value=JWT]').check();
    await page.locator('form[action="/console/endpoints/create"] button').click();
    await page.locator('#issuer-issuer').fill(ISSUER);
    await page.locator('#issuer-audience').fill(AUDIENCE);
    await page.locator('#issuer-keys').fill(JSON.stringify({ keys: [key.jwk] }));
    await page.locator('form[action="/console/endpoints/issuer"] button').click();
    await page.getByRole('rowheader', { name: 'ES256-1' }).waitFor();
    await looked('jwt');
    await page.goto(url('deploy'));
    await page.locator('[name=reason]').fill('tokens');
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    await page.goto(url(`try/jwt-${locale.toLowerCase()}`));
    await page.locator('#try-jwt').fill(await aToken(key, { sub: 'bob' }));
    await page.locator('main button').click();
    await page.locator('code', { hasText: 'bob' }).waitFor();
    await looked('try');
    await page.goto(url('explain?endpoint=studio&as=alice&method=GET&path=/queue'));
    await looked('explain');
    await page.locator('form[action="/console/sign-out"] button').click();
    await page.locator('[name=password]').waitFor();
    await looked('sign-in');
    await context.close();
  },
);

test('the status page follows what happens without being loaded again', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const link = await started.accounts.createLink({ role: 'administrator' });
  await page.goto(`http://127.0.0.1:${started.port}/console/setup?link=${link}`);
  await page.locator('[name=name]').fill('live');
  await page.locator('[name=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('nav a[href="/console/status"]').click();
  await page.locator('.good').first().waitFor();
  writeFileSync(started.file, 'endpoints: 1\n');
  await page.locator('.bad', { hasText: 'Needs attention' }).waitFor();
  // The policy allowed all that the page does.
  expect(errors).toEqual([]);
  await context.close();
});
