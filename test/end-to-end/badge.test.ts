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
