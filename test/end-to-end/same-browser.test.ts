import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { PATIENCE_MS, signIn } from './comfyui-page.ts';
import { startDemo, type Demo } from './demo.ts';

let demo: Demo;
let profile: string;
let context: BrowserContext;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
beforeEach(() => {
  profile = mkdtempSync(join(tmpdir(), 'comfy-tenant-profile-'));
});
afterEach(async () => {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
});

interface Kept {
  app: { graph: { serialize(): unknown }; loadGraphData(workflow: unknown): Promise<void> };
  localStorage: Record<string, string>;
  sessionStorage: Record<string, string>;
  indexedDB: { open(name: string): unknown; databases(): Promise<{ name: string }[]> };
}

async function ready(page: Page, name: 'alice' | 'bob'): Promise<Page> {
  await page.getByText(name, { exact: true }).first().waitFor();
  await page.waitForFunction(() => (globalThis as unknown as Partial<Kept>).app?.graph !== undefined);
  return page;
}

/** A browser that is started anew and signs in, with all that it kept of earlier times. */
async function startBrowser(name: 'alice' | 'bob', headers = false): Promise<Page> {
  context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    ...(headers && { extraHTTPHeaders: { authorization: basic(name, demo.passwords[name]) } }),
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  if (headers) await page.goto(demo.url);
  else {
    await page.goto(`${demo.url}/_auth/sign-in`);
    const other = page.getByRole('button', { name: 'Use another account' });
    if (await other.isVisible()) {
      await other.click();
      await page.getByText('You are signed out.').waitFor();
    }
    await signIn(page, demo, name);
  }
  return ready(page, name);
}

/** Where the page has something of what `draw` drew. */
async function found(page: Page): Promise<string[]> {
  const kept = await page.evaluate(async () => {
    const { app, localStorage, sessionStorage, indexedDB } = globalThis as unknown as Kept;
    const databases = (await indexedDB.databases()).map(({ name }) => name);
    return { graph: app.graph.serialize(), ...localStorage, ...sessionStorage, databases };
  });
  const places = { ...kept, page: await page.content() };
  return Object.entries(places).flatMap(([place, text]) =>
    JSON.stringify(text).includes('secret-idea') ? [place] : [],
  );
}

/** Draws a workflow without saving it; ComfyUI's page keeps it in the browser by itself. */
async function draw(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { app, localStorage, indexedDB } = globalThis as unknown as Kept;
    const answer = await fetch('/api/userdata/workflows%2Fhello.json');
    const workflow = (await answer.json()) as { nodes: { type: string; widgets_values: unknown[] }[] };
    for (const node of workflow.nodes)
      if (node.type === 'DemoSaveImage') node.widgets_values[0] = 'secret-idea';
    await app.loadGraphData(workflow);
    localStorage['litegrapheditor_clipboard'] = 'secret-idea';
    indexedDB.open('secret-idea');
  });
  await expect
    .poll(() => page.evaluate(() => JSON.stringify((globalThis as unknown as Kept).localStorage)))
    .toMatch(/DemoSaveImage/);
}

test('who signs in after another with the same browser finds nothing of theirs', async () => {
  await draw(await startBrowser('alice'));
  await context.close();
  const again = await startBrowser('alice');
  await expect.poll(() => found(again)).toContain('graph');
  await context.close();
  expect(await found(await startBrowser('bob'))).toEqual([]);
  await context.close();
  expect(await found(await startBrowser('bob'))).toEqual([]);
});

test('a page that is open turns to the other user when they have signed in', async () => {
  const page = await startBrowser('alice', true);
  await draw(page);
  await context.setExtraHTTPHeaders({ authorization: basic('bob', demo.passwords.bob) });
  const other = await context.newPage();
  await other.goto(demo.url);
  await ready(other, 'bob');
  await ready(page, 'bob');
  expect(await found(page)).toEqual([]);
});

test('a picture of one user is not shown to the next from the cache', async () => {
  const view = (page: Page): Promise<number> =>
    page.evaluate(async () => (await fetch('/api/view?filename=only-hers.png&type=input')).status);
  const hers = await startBrowser('alice');
  await hers.evaluate(async () => {
    const form = new FormData();
    form.append(
      'image',
      await (await fetch('/api/view?filename=hello.png&type=input')).blob(),
      'only-hers.png',
    );
    await fetch('/api/upload/image', { method: 'POST', body: form });
  });
  expect(await view(hers)).toBe(200);
  await context.close();
  expect(await view(await startBrowser('bob'))).toBe(404);
});
