import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo, type Demo } from './demo.ts';

const PACK = resolve('plugin/tests/real/battery-nodes');
let demo: Demo;

beforeAll(async () => {
  demo = await startDemo({}, (folder) => {
    const customNodes = join(folder, 'comfyui', 'custom_nodes');
    mkdirSync(customNodes, { recursive: true });
    symlinkSync(PACK, join(customNodes, 'battery-nodes'));
  });
});
afterAll(() => demo.stop());

interface Entry {
  outputs: Record<string, { text: string[] }>;
}

/** What node code that works for a user gets of a file, by each way. */
async function tried(
  user: 'alice' | 'bob',
  ways: readonly string[],
  path: string,
): Promise<Record<string, string>> {
  const inputs = { way: JSON.stringify(ways), path, nonce: String(Math.random()) };
  const body = JSON.stringify({ prompt: { 1: { class_type: 'BatteryTry', inputs } } });
  const headers = { 'content-type': 'application/json' };
  const answer = await demo.as(user, '/prompt', { method: 'POST', headers, body });
  const { prompt_id: id } = (await answer.json()) as { prompt_id: string };
  let entry: Entry | undefined;
  await expect
    .poll(
      async () =>
        (entry = ((await (await demo.as(user, `/history/${id}`)).json()) as Record<string, Entry>)[id]),
    )
    .toBeDefined();
  return JSON.parse(entry?.outputs[1]?.text[0] ?? '{}') as Record<string, string>;
}

/** Ways that need no library. */
const WAYS = ['open', 'ctypes_open', 'ctypes_openat2', 'cat', 'shell', 'ls', 'proc_cwd', 'proc_root', 'fork', 'thread', 'pool_of_the_pack', 'hard_link', 'symbolic_link']; // prettier-ignore

async function upload(user: 'alice' | 'bob'): Promise<string> {
  const form = new FormData();
  form.append('image', new Blob([`of ${user}`]), 'own.png');
  expect((await demo.as(user, '/upload/image', { method: 'POST', body: form })).status).toBe(200);
  return join(demo.folder, 'comfyui', 'tenants', `u-${user}`, 'input', 'own.png');
}

test('through the gateway, no way of node code leads bob to what is alice’s, and alice keeps all of them', async () => {
  const path = await upload('alice');
  expect(existsSync(path)).toBe(true);
  const [hers, his] = [await tried('alice', WAYS, path), await tried('bob', WAYS, path)];
  expect(WAYS.filter((way) => !hers[way]?.startsWith('got '))).toStrictEqual([]);
  expect(WAYS.filter((way) => !his[way]?.startsWith('refused '))).toStrictEqual([]);
});
