import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, PATIENCE_MS, signIn } from './comfyui-page.ts';
import { startDemo, type Demo } from './demo.ts';

const SCREENSHOTS = '.test-output';
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1600, height: 900 };
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

async function openAt(viewport: { width: number; height: number }): Promise<Page> {
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await signIn(page, demo, 'alice');
  await page.locator('#comfy-tenant-badge').waitFor({ state: 'attached' });
  return page;
}

/** Which parts of the name are on the screen with nothing in front of them: its two ends and its middle. */
function visibleParts(page: Page): Promise<readonly boolean[]> {
  return page.evaluate(() => {
    interface Box {
      left: number;
      right: number;
      top: number;
      bottom: number;
    }
    interface Element {
      style: { pointerEvents: string };
      getBoundingClientRect(): Box;
      contains(other: unknown): boolean;
    }
    const { document } = globalThis as unknown as {
      document: {
        querySelector(selector: string): Element | null;
        elementFromPoint(x: number, y: number): unknown;
      };
    };
    const name = document.querySelector('#comfy-tenant-badge strong');
    if (name === null) return [];
    // It lets clicks through, and such elements are not found by a point.
    name.style.pointerEvents = 'auto';
    const { left, right, top, bottom } = name.getBoundingClientRect();
    const middle = (top + bottom) / 2;
    return [left + 1, (left + right) / 2, right - 1].map((x) =>
      name.contains(document.elementFromPoint(x, middle)),
    );
  });
}

const ALL = [true, true, true];

test.each([
  ['a phone', PHONE],
  ['a desktop', DESKTOP],
])('the name is visible on %s, also while ComfyUI cannot be reached', async (_, size) => {
  const page = await openAt(size);
  const file = `${SCREENSHOTS}/badge-${size.width}`;
  await expect.poll(() => visibleParts(page)).toStrictEqual(ALL);
  await page.screenshot({ path: `${file}.png` });
  await page.context().setOffline(true);
  await page.evaluate(() => {
    const { app } = globalThis as unknown as { app: { api: { socket: { close(): void } } } };
    app.api.socket.close();
  });
  const message = page.getByText('Reconnecting').first();
  await message.waitFor();
  // It slides in.
  await (await message.elementHandle()).waitForElementState('stable');
  await page.screenshot({ path: `${file}-reconnecting.png` });
  await expect.poll(() => visibleParts(page)).toStrictEqual(ALL);
});

const panel = (page: Page) => page.getByRole('group', { name: 'Account' });
const SIZES = [
  ['a phone', PHONE],
  ['a desktop', DESKTOP],
] as const;

test.each(SIZES)(
  'the name opens a menu by keyboard and by touch on %s, with the storage in use',
  async (_, size) => {
    const page = await openAt(size);
    const toggle = page.getByRole('button', { name: 'Account: alice' });
    await toggle.focus();
    await page.keyboard.press('Enter');
    await panel(page)
      .getByText(/^Storage used: [0-9.]+ [kM]?B/)
      .waitFor();
    await panel(page).getByRole('link', { name: 'Account and access tokens' }).waitFor();
    await page.screenshot({ path: `${SCREENSHOTS}/menu-${size.width}.png` });
    const box = await panel(page).boundingBox();
    // Right of the side bar.
    expect(box!.x).toBeGreaterThanOrEqual(58);
    expect(box!.x + box!.width).toBeLessThanOrEqual(size.width);
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'hidden' });
    await toggle.click();
    await panel(page).waitFor();
    await toggle.click();
    await panel(page).waitFor({ state: 'hidden' });
    await toggle.click();
    await panel(page).getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/\/_auth\/sign-in/);
    await page.goto(demo.url);
    expect(page.url()).toContain('/_auth/sign-in');
  },
);

/** Lets the gateway refuse everything, as it does after a sign-out or while ComfyUI is down. */
async function refuse(page: Page, status: 401 | 503): Promise<void> {
  const error = {
    code: status === 401 ? 'unauthenticated' : 'unavailable',
    message: 'No.',
    requestId: '5a6b-1',
  };
  await page.route('**/*', (route) => route.fulfill({ status, json: { error } }));
}

test.each(SIZES)(
  'a bar says that the user is signed out, or ComfyUI restarts, until it works again (%s)',
  async (_, size) => {
    const page = await openAt(size);
    await page.waitForLoadState('networkidle');
    await page.waitForFunction(() => {
      const { app } = globalThis as unknown as { app?: { graph?: { _nodes: readonly object[] } } };
      return (app?.graph?._nodes.length ?? 0) > 0;
    });
    const bar = page.getByRole('alert').filter({ hasText: /signed out|restarting/ });
    for (const [status, text] of [
      [401, 'You are signed out.'],
      [503, 'ComfyUI is restarting.'],
    ] as const) {
      await refuse(page, status);
      await page.keyboard.press('Control+Enter'); // Runs the workflow.
      await bar.getByText(text).waitFor();
      await page
        .getByText(/Request id: 5a6b-1/)
        .first()
        .waitFor();
      await page.screenshot({ path: `${SCREENSHOTS}/bar-${status}-${size.width}.png` });
      expect(await page.getByText('undefined').count()).toBe(0);
      await page.unroute('**/*');
      await page.keyboard.press('Escape');
      await bar.waitFor({ state: 'hidden', timeout: 30_000 });
    }
  },
);
