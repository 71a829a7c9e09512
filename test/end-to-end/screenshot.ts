import { statSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { ComfyuiPage, launchChromium } from './comfyui-page.ts';
import { startDemo, type Demo } from './demo.ts';

/**
 * `npm run screenshot`: starts the demo, signs in as alice and bob in two browsers, runs a prompt as alice, and writes both
 * pages side by side to docs/images/two-users.png.
 */
const FILE = 'docs/images/two-users.png';
const VIEWPORT = { width: 1000, height: 600 };
/** Size of a page in the picture, relative to its size in the browser. */
const SCALE = 0.8;
const GAP = 16;
const MAX_BYTES = 200_000;

interface Comfy {
  canvas: { ds: object; setDirty(foreground: boolean, background: boolean): void };
}

/** Clicks the last button of the smallest box that has this text and this many buttons. */
async function clickNear(user: ComfyuiPage, text: string, buttons: number): Promise<void> {
  const box = user.page
    .getByText(text)
    .locator(`xpath=ancestor::*[count(.//button) >= ${String(buttons)}][1]`);
  await box.getByRole('button').last().click();
}

async function openPage(browser: Browser, demo: Demo, name: 'alice' | 'bob'): Promise<ComfyuiPage> {
  const user = await ComfyuiPage.open(browser, demo, name);
  await user.page.setViewportSize(VIEWPORT);
  await user.openWorkflow('hello.json');
  // More room for the workflow: answers the announcement of a new design and hides the map.
  await clickNear(user, 'Introducing Nodes 2.0', 1);
  await clickNear(user, 'Prefer the legacy design?', 2);
  await user.page.keyboard.press('Alt+m');
  return user;
}

async function screenshotOf(user: ComfyuiPage): Promise<Buffer> {
  await user.page.keyboard.press('q');
  await user.page.locator('.sidebar-content-container').first().waitFor();
  // Animations and thumbnails.
  await user.page.waitForTimeout(2000);
  await user.page.evaluate(() => {
    const { canvas } = (globalThis as unknown as { app: Comfy }).app;
    Object.assign(canvas.ds, { scale: 0.55, offset: [460, 300] });
    canvas.setDirty(true, true);
  });
  await user.page.waitForTimeout(500);
  return user.page.screenshot();
}

async function sideBySide(browser: Browser, pictures: readonly Buffer[]): Promise<void> {
  const context = await browser.newContext({
    viewport: {
      width: Math.round(VIEWPORT.width * SCALE * 2) + GAP,
      height: Math.round(VIEWPORT.height * SCALE),
    },
  });
  const page = await context.newPage();
  const images = pictures.map(
    (picture) =>
      `<img width="${String(VIEWPORT.width * SCALE)}" src="data:image/png;base64,${picture.toString('base64')}">`,
  );
  await page.setContent(
    `<body style="margin: 0; display: flex; gap: ${String(GAP)}px; background: #fff">${images.join('')}</body>`,
  );
  await page.screenshot({ path: FILE });
}

const [demo, browser] = await Promise.all([startDemo(), launchChromium()]);
try {
  const alice = await openPage(browser, demo, 'alice');
  const bob = await openPage(browser, demo, 'bob');
  await alice.run();
  while ((await alice.queueImages()).length === 0) await alice.page.waitForTimeout(500);
  await sideBySide(browser, [await screenshotOf(alice), await screenshotOf(bob)]);
} finally {
  await browser.close();
  await demo.stop();
}
const { size } = statSync(FILE);
if (size > MAX_BYTES) throw new Error(`${FILE} has ${String(size)} bytes, more than ${String(MAX_BYTES)}`);
console.log(`${FILE}: ${String(size)} bytes`);
