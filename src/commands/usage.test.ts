import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BASIC, configDirectory, type ConfigDirectory } from '../../test/config/config-file.ts';
import { run, type Ran } from '../../test/config/run-command.ts';
import { key } from './key.ts';
import { usage } from './usage.ts';

const QUEUE = { waiting: 0, running: 0, oldestWaitSeconds: 0 };
const TOTALS = { prompts: 0, failed: 0, gpuSeconds: 0 };
const DISK = { free: 1, total: 2 };
const ALICE = { user: 'alice', prompts: 2, failed: 1, gpuSeconds: 10.1, waitedSeconds: 1, bytes: 500 };
const BOB = { user: '+bob', prompts: 1, failed: 0, gpuSeconds: 60.5, waitedSeconds: 0.2, bytes: 7 };

let directory: ConfigDirectory;
let comfyuis: Server[] = [];
const requests: IncomingMessage[] = [];

/** Like the plugin: only a token with the one right gets the report. */
async function comfyui(users: readonly object[], status = 200): Promise<string> {
  const server = createServer((request, response) => {
    requests.push(request);
    response.statusCode = status;
    response.end(JSON.stringify({ users, queue: QUEUE, totals: TOTALS, disk: DISK }));
  });
  comfyuis.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listed(upstreams: readonly string[], ...args: string[]): Promise<Ran> {
  directory.write(
    'comfy-tenant.yaml',
    BASIC.replace(/upstream: .*/, `upstream: ${JSON.stringify(upstreams)}`),
  );
  await run(key, { cwd: directory.path });
  return run(usage, { cwd: directory.path, args });
}

beforeEach(() => {
  directory = configDirectory();
});
afterEach(() => {
  for (const server of comfyuis) server.close();
  comfyuis = [];
  requests.length = 0;
  directory.remove();
});

test('the use of all ComfyUIs is summed by user, most GPU time first', async () => {
  const { code, out } = await listed([await comfyui([ALICE, BOB]), await comfyui([ALICE])]);
  expect(out).toEqual([
    'user   prompts  failed  GPU s  waited s  bytes',
    '+bob         1       0   60.5       0.2      7',
    'alice        4       2   20.2         2    500',
  ]);
  expect(code).toBe(0);
});

test('the token carries the right and no user, and the time is passed on', async () => {
  const before = Date.now() / 1000;
  await listed([await comfyui([])], '--since', '1h');
  const [request] = requests;
  const claims = decodeJwt(String(request?.headers['x-funart-comfy-token']));
  expect(claims.rights).toEqual(['usage']);
  expect(claims.sub).toBeUndefined();
  const since = Number(new URL(request?.url ?? '', 'http://h').searchParams.get('since'));
  expect(since - (before - 3600)).toBeGreaterThanOrEqual(0);
  expect(since).toBeLessThanOrEqual(Date.now() / 1000 - 3600);
});

test('as CSV, no cell can be a formula; as JSON, all is as reported', async () => {
  const url = await comfyui([BOB]);
  expect((await listed([url], '--csv')).out[1]).toBe("'+bob,1,0,60.5,0.2,7");
  expect(JSON.parse((await listed([url], '--json')).out.join('\n'))).toEqual([BOB]);
});

test('a ComfyUI that does not answer is named, and the others are listed', async () => {
  const gone = await comfyui([], 404);
  const { code, out, err } = await listed([gone, await comfyui([BOB])]);
  expect(code).toBe(69);
  expect(out).toHaveLength(2);
  expect(err).toEqual([
    `comfy-tenant usage: ComfyUI at ${new URL(gone).host}: its plugin is too old: install the one of this version`,
  ]);
});

test.each([[['--since', '0s']], [['--since', 'week']], [['--json', '--csv']]])(
  'wrong arguments are explained: %j',
  async (args) => {
    const { code, err } = await listed([await comfyui([])], ...args);
    expect(code).toBe(64);
    expect(err).toHaveLength(1);
  },
);
