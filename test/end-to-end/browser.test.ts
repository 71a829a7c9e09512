import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aDirectory } from '../support/temp-dir.ts';
import { ComfyuiPage, launchChromium } from './comfyui-page.ts';
import { startDemo, type Demo } from './demo.ts';

const SCREENSHOTS = '.test-output';
const SECRETS = /secret-of-alice|painted-by-alice|alice-only/;
const directory = aDirectory();
let demo: Demo;
let browser: Browser;
beforeAll(async () => {
  const settings = directory.write('settings.yaml', 'maxQueued: 2\n');
  [demo, browser] = await Promise.all([startDemo({ COMFY_TENANT_SETTINGS: settings }), launchChromium()]);
  mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await demo.stop();
  directory.remove();
});

const open = (name: 'alice' | 'bob') => ComfyuiPage.open(browser, demo, name);

async function aPicture(): Promise<Buffer> {
  const answer = await demo.as('alice', '/api/view?filename=hello.png&type=input');
  return Buffer.from(await answer.arrayBuffer());
}

test('alice works by mouse and keyboard, bob is shown none of it, and alice finds it again', async () => {
  const alice = await open('alice');
  await alice.openWorkflow('hello.json');
  await alice.upload('DemoLoadImage', {
    name: 'secret-of-alice.png',
    mimeType: 'image/png',
    buffer: await aPicture(),
  });
  await expect.poll(() => alice.value('DemoLoadImage', 'image')).toBe('secret-of-alice.png');
  await alice.type('DemoSaveImage', 'filename_prefix', 'painted-by-alice');
  await alice.run();
  await expect.poll(() => alice.queueImages()).toContainEqual(expect.stringContaining('painted-by-alice'));
  await alice.page.screenshot({ path: `${SCREENSHOTS}/alice-queue.png` });
  await alice.saveAs('hello', 'alice-only');
  await expect.poll(() => alice.workflows()).toEqual(['alice-only.json', 'hello.json']);
  await alice.page.screenshot({ path: `${SCREENSHOTS}/alice-workflows.png` });

  const bob = await open('bob');
  await expect.poll(() => bob.workflows()).toEqual(['hello.json']);
  await bob.page.screenshot({ path: `${SCREENSHOTS}/bob-workflows.png` });
  expect(await bob.queueImages()).toEqual([]);
  await bob.page.screenshot({ path: `${SCREENSHOTS}/bob-queue.png` });
  await bob.openWorkflow('hello.json');
  expect(await bob.choices('DemoLoadImage', 'image')).toEqual(['hello.png']);
  await bob.page.screenshot({ path: `${SCREENSHOTS}/bob-inputs.png` });
  expect(await bob.page.content()).not.toMatch(SECRETS);
  for (const path of [
    '/api/view?filename=secret-of-alice.png&type=input',
    '/api/view?filename=painted-by-alice_00001_.png&type=output',
    '/api/userdata/workflows%2Falice-only.json',
  ]) {
    expect((await demo.as('bob', path)).status).toBe(404);
    expect((await demo.as('alice', path)).status).toBe(200);
  }

  const again = await open('alice');
  await again.openWorkflow('alice-only.json');
  await expect.poll(() => again.value('DemoLoadImage', 'image')).toBe('secret-of-alice.png');
  expect(await again.choices('DemoLoadImage', 'image')).toEqual(['hello.png', 'secret-of-alice.png']);
  await expect.poll(() => again.queueImages()).toContainEqual(expect.stringContaining('painted-by-alice'));
});

test('while alice’s prompt runs bob sees that he waits, and a user with too many prompts sees why they are refused', async () => {
  const hello = (await (await demo.as('alice', '/api/userdata/workflows%2Fhello.json')).json()) as Workflow;
  await demo.as('alice', '/api/userdata/workflows%2Fslow.json', {
    method: 'POST',
    body: JSON.stringify(slowed(hello)),
  });
  const alice = await open('alice');
  const bob = await open('bob');
  await alice.openWorkflow('slow.json');
  await alice.run();
  await alice.page.getByText('yours is running').waitFor();
  await bob.openWorkflow('hello.json');
  await bob.run();
  await bob.page.getByText('1 ahead of you').waitFor();
  await bob.page.screenshot({ path: `${SCREENSHOTS}/bob-waits.png` });
  expect(await bob.page.content()).not.toMatch(/slow|DemoWait/);

  for (let more = 0; more < 3; more++) await alice.run();
  await alice.page
    .getByText(/you have 2 prompts waiting, which is the limit: wait/)
    .first()
    .waitFor();
  await alice.page.screenshot({ path: `${SCREENSHOTS}/alice-too-many.png` });
});

interface Workflow {
  nodes: {
    id: number;
    type: string;
    size: number[];
    inputs: { link: number }[];
    outputs: { links: number[] }[];
    widgets_values: unknown[];
  }[];
}

/** The same, with the node that writes replaced by one that takes its time. */
function slowed(workflow: Workflow): Workflow {
  const nodes = workflow.nodes.map((node) =>
    node.type === 'DemoInvert' ? { ...node, type: 'DemoWait', widgets_values: [60] } : node,
  );
  return { ...workflow, nodes };
}

test('without credentials a browser is sent to the sign-in page, and a program is challenged', async () => {
  const answer = await fetch(demo.url, {
    headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
    redirect: 'manual',
  });
  expect(answer.status).toBe(401);
  const program = await fetch(`${demo.url}/queue`);
  expect(program.status).toBe(401);
});
