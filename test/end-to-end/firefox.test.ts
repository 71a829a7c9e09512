import { mkdirSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo, type Demo } from './demo.ts';

const SCREENSHOTS = '.test-output';
let demo: Demo;
let browser: Browser;
beforeAll(async () => {
  [demo, browser] = await Promise.all([
    startDemo(),
    puppeteer.launch({
      browser: 'firefox',
      executablePath: process.env['FIREFOX_BIN'] ?? '/usr/bin/firefox-esr',
      headless: true,
    }),
  ]);
  mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await demo.stop();
});

/** In ComfyUI's page: a WebSocket, by the page's own cookie alone, and what it receives while a prompt runs. */
const RUN_PROMPT = `(async () => {
  const info = await (await fetch('/object_info/DemoLoadImage')).json();
  const [image] = info.DemoLoadImage.input.required.image[0];
  const prompt = {
    1: { class_type: 'DemoLoadImage', inputs: { image } },
    2: { class_type: 'DemoInvert', inputs: { picture: ['1', 0], text: 'Firefox' } },
    3: { class_type: 'DemoSaveImage', inputs: { picture: ['2', 0], filename_prefix: 'firefox' } },
  };
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws?clientId=firefox');
  const types = [];
  await new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error('the WebSocket failed'));
    socket.onopen = () => fetch('/prompt', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, client_id: 'firefox' }),
    });
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return;
      types.push(JSON.parse(data).type);
      if (/^execution_(success|error)$/.test(types.at(-1))) resolve();
    };
  });
  return types;
})()`;

test('in Firefox, alice signs in by keyboard, and her WebSocket gets the events of her prompt', async () => {
  const page = await browser.newPage();
  await page.goto(`${demo.url}/?kept=1`);
  await page.locator('input[name=username]').fill('alice');
  await page.locator('input[name=password]').fill(demo.passwords.alice);
  await page.screenshot({ path: `${SCREENSHOTS}/firefox-sign-in.png` });
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  expect(page.url()).toBe(`${demo.url}/?kept=1`);
  await page.waitForFunction('globalThis.app?.graph !== undefined');
  await page.waitForFunction("document.body.innerText.includes('alice')");
  await page.screenshot({ path: `${SCREENSHOTS}/firefox-comfyui.png` });
  const types = (await page.evaluate(RUN_PROMPT)) as string[];
  expect(types).toEqual(expect.arrayContaining(['status', 'executing', 'executed', 'execution_success']));

  await page.goto(`${demo.url}/_auth/account`);
  await page.locator('button ::-p-text(Sign out)').click();
  await page.waitForFunction("document.body.innerText.includes('You are signed out.')");
  await page.goto(demo.url);
  await page.waitForSelector('input[name=password]');
});
