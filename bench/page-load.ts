import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { demoPython } from '../src/install/ensure-comfyui.ts';
import { freePort, waitForPort } from '../src/stack/ports.ts';
import { launchChromium, signIn } from '../test/end-to-end/comfyui-page.ts';
import { startDemo } from '../test/end-to-end/demo.ts';

/** `node --import tsx bench/page-load.ts [rounds]`: seconds until ComfyUI's page is usable, plain and through the gateway, in turn. */
const ROUNDS = Number(process.argv[2] ?? 5);
const SLOW = { offline: false, latency: 40, downloadThroughput: 20e6 / 8, uploadThroughput: 20e6 / 8 };

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;
interface Site {
  readonly url: string;
  /** The cookies of a user who is signed in. */
  readonly state: StorageState | undefined;
}

async function startPlain(): Promise<{ url: string; stop(): void }> {
  const [port, base] = [await freePort(), mkdtempSync(join(tmpdir(), 'comfyui-plain-'))];
  mkdirSync(join(base, 'custom_nodes'));
  const home = resolve('.tools/comfyui-0.3.75');
  const args = [
    'main.py',
    '--cpu',
    '--port',
    String(port),
    '--base-directory',
    base,
    '--disable-auto-launch',
  ];
  const child = spawn(
    demoPython(resolve('.tools')),
    [...args, '--front-end-root', join(home, 'frontend'), '--database-url', 'sqlite:///:memory:'],
    {
      cwd: join(home, 'app'),
      stdio: 'ignore',
      env: { ...process.env, PYTHONPATH: resolve('plugin/demo/torch-stub') },
    },
  );
  if (!(await waitForPort(port, '127.0.0.1', () => child.exitCode !== null)))
    throw new Error('ComfyUI did not start');
  return {
    url: `http://127.0.0.1:${port}`,
    stop() {
      child.kill('SIGKILL');
      rmSync(base, { recursive: true });
    },
  };
}

/** Opens the page in a new tab. @returns seconds */
async function open(context: BrowserContext, url: string, slow: boolean): Promise<number> {
  const page = await context.newPage();
  if (slow) {
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', SLOW);
  }
  const begun = performance.now();
  await page.goto(url, { waitUntil: 'commit', timeout: 120_000 });
  await page.waitForFunction('globalThis.app?.graph !== undefined', undefined, {
    timeout: 120_000,
    polling: 20,
  });
  const seconds = (performance.now() - begun) / 1000;
  await page.close();
  return seconds;
}

async function measure(browser: Browser, { url, state }: Site): Promise<Record<string, number>> {
  const aContext = () => browser.newContext(state === undefined ? {} : { storageState: state });
  const [context, far] = [await aContext(), await aContext()];
  const cold = await open(context, url, false);
  const warm = await open(context, url, false);
  const slow = await open(far, url, true);
  await Promise.all([context.close(), far.close()]);
  return { 'cold, loopback': cold, 'warm, loopback': warm, 'cold, 20 Mbit/s and 40 ms': slow };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const [demo, plain, browser] = [await startDemo(), await startPlain(), await launchChromium()];
const context = await browser.newContext();
const page = await context.newPage();
await signIn(page, demo, 'alice');
await page.waitForFunction('globalThis.app?.graph !== undefined', undefined, { timeout: 120_000 });
const sites: Site[] = [
  { url: plain.url, state: undefined },
  { url: demo.url, state: await context.storageState() },
];
await context.close();
const found: Record<string, number>[][] = [[], []];
for (let round = 0; round < ROUNDS; round++)
  for (const at of round % 2 === 0 ? [0, 1] : [1, 0])
    found[at]?.push(await measure(browser, sites[at] as Site));
console.log('| | plain ComfyUI, s | through the gateway, s | ratio |\n|---|---:|---:|---:|');
for (const name of Object.keys(found[0]?.[0] ?? {})) {
  const [stock = 0, ours = 0] = found.map((rounds) => median(rounds.map((round) => round[name] ?? 0)));
  console.log(`| ${name} | ${stock.toFixed(2)} | ${ours.toFixed(2)} | ${(ours / stock).toFixed(2)} |`);
}
await browser.close();
plain.stop();
await demo.stop();
