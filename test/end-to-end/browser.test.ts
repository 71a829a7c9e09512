import { mkdirSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo, type Demo } from './demo.ts';

const CHROMIUM = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SCREENSHOTS = '.test-output';

let demo: Demo;
let browser: Browser;
beforeAll(async () => {
  demo = await startDemo();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await demo.stop();
});

/** What ComfyUI's page offers to a program that runs in it. */
interface Comfy {
  graph: { serialize(): unknown };
  loadGraphData(workflow: unknown, clean: boolean, restore: boolean, name: string): Promise<void>;
  queuePrompt(number: number, count: number): Promise<void>;
}

/** A browser of its own, signed in by Basic. */
async function signIn(name: 'alice' | 'bob'): Promise<Page> {
  const httpCredentials = { username: name, password: demo.passwords[name] };
  const context = await browser.newContext({ httpCredentials, viewport: { width: 1400, height: 850 } });
  const page = await context.newPage();
  await page.goto(demo.url);
  await page.waitForFunction(
    () => (globalThis as unknown as { app?: Partial<Comfy> }).app?.graph !== undefined,
  );
  await page.getByText(name, { exact: true }).first().waitFor();
  return page;
}

/** What the page itself finds of its user's: names of workflows, inputs and outputs. */
function mine(page: Page): Promise<{ workflows: string[]; inputs: string[]; outputs: string[] }> {
  return page.evaluate(async () => {
    const list = async (path: string): Promise<string[]> => (await (await fetch(path)).json()) as string[];
    const names = await list('/api/userdata?dir=workflows');
    return {
      workflows: names,
      inputs: (await list('/internal/files/input')).map(String),
      outputs: (await list('/internal/files/output')).map(String),
    };
  });
}

/** Uploads an image as ComfyUI's own upload button does, loads the workflow, runs it and saves it. */
async function work(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const app = (globalThis as unknown as { app: Comfy }).app;
    const image = await (await fetch('/api/view?filename=hello.png&type=input')).blob();
    const form = new FormData();
    form.append('image', image, 'secret-of-alice.png');
    await fetch('/api/upload/image', { method: 'POST', body: form });
    const workflow = (await (await fetch('/api/userdata/workflows%2Fhello.json')).json()) as {
      nodes: { type: string; widgets_values: unknown[] }[];
    };
    for (const node of workflow.nodes) {
      if (node.type === 'DemoLoadImage') node.widgets_values[0] = 'secret-of-alice.png';
      if (node.type === 'DemoSaveImage') node.widgets_values[0] = 'painted-by-alice';
    }
    await app.loadGraphData(workflow, true, true, 'alice-only');
    const body = JSON.stringify(app.graph.serialize());
    await fetch('/api/userdata/workflows%2Falice-only.json', { method: 'POST', body });
  });
  await page.getByRole('button', { name: 'Run', exact: true }).first().click();
  await expect.poll(async () => (await mine(page)).outputs.length, { timeout: 20_000 }).toBeGreaterThan(0);
}

test(
  'alice works in ComfyUI’s own page, bob sees none of it, and alice finds it again',
  { timeout: 120_000 },
  async () => {
    const alice = await signIn('alice');
    await work(alice);
    const hers = await mine(alice);
    expect(hers.workflows).toContain('alice-only.json');
    expect(hers.inputs.join()).toContain('secret-of-alice.png');
    expect(hers.outputs.join()).toContain('painted-by-alice');
    await alice.waitForTimeout(1000);
    await alice.screenshot({ path: `${SCREENSHOTS}/alice.png` });

    const bob = await signIn('bob');
    await bob.keyboard.press('w'); // The list of workflows in the side bar.
    await bob.waitForTimeout(1000);
    await bob.screenshot({ path: `${SCREENSHOTS}/bob.png` });
    expect(JSON.stringify(await mine(bob))).not.toMatch(/alice/);
    expect(await bob.content()).not.toMatch(/secret-of-alice|painted-by-alice|alice-only/);
    for (const path of [
      '/api/view?filename=secret-of-alice.png&type=input',
      '/api/view?filename=painted-by-alice_00001_.png&type=output',
      '/api/userdata/workflows%2Falice-only.json',
    ]) {
      expect((await demo.as('bob', path)).status).toBe(404);
      expect((await demo.as('alice', path)).status).toBe(200);
    }

    await alice.context().close();
    const again = await signIn('alice');
    expect(await mine(again)).toEqual(hers);
  },
);

test('who does not sign in gets a page that says so, and nothing else', async () => {
  const answer = await fetch(demo.url, { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe('Basic realm="comfy-tenant demo", charset="UTF-8"');
  expect(await answer.text()).toContain('Please say who you are');
});
