import { hashSync } from '@node-rs/bcrypt';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { startDemo, type Demo } from './demo.ts';

const USERS = Array.from({ length: 20 }, (_, n) => `user-${n}`);
const EVERYONE = ['greedy', ...USERS];
let demo: Demo;
const ask = (user: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(new URL(path, demo.url), {
    ...init,
    headers: { ...(init.headers as Record<string, string>), authorization: basic(user, user) },
  });

beforeAll(async () => {
  demo = await startDemo();
  const lines = EVERYONE.map((name) => `${name}:${hashSync(name, 4)}\n`);
  appendFileSync(join(demo.folder, 'users.htpasswd'), lines.join(''));
});
afterAll(() => demo.stop());

async function upload(user: string, image: Blob): Promise<void> {
  const form = new FormData();
  form.append('image', image, 'in.png');
  expect((await ask(user, '/upload/image', { method: 'POST', body: form })).status).toBe(200);
}

async function queue(user: string, n: number, seconds = 0.2): Promise<string> {
  const prompt = {
    1: { class_type: 'DemoLoadImage', inputs: { image: 'in.png' } },
    2: { class_type: 'DemoInvert', inputs: { picture: ['1', 0], text: `${user} ${n}` } },
    3: { class_type: 'DemoWait', inputs: { picture: ['2', 0], seconds } },
    4: { class_type: 'DemoSaveImage', inputs: { picture: ['3', 0], filename_prefix: user } },
  };
  const headers = { 'content-type': 'application/json' };
  const answer = await ask(user, '/prompt', { method: 'POST', headers, body: JSON.stringify({ prompt }) });
  return ((await answer.json()) as { prompt_id: string }).prompt_id;
}

interface Entry {
  status: { messages: [string, { timestamp: number }][] };
}

/** When a prompt began, in milliseconds since 1970; waits until it has ended. */
async function begun(user: string, id: string): Promise<number> {
  let entry: Entry | undefined;
  await expect
    .poll(
      async () => (entry = ((await (await ask(user, `/history/${id}`)).json()) as Record<string, Entry>)[id]),
    )
    .toBeDefined();
  return entry?.status.messages[0]?.[1].timestamp ?? Number.NaN;
}

test('twenty users next to a greedy one, through Envoy: none waits for all its prompts, none sees another user', async () => {
  await expect.poll(async () => (await ask('user-19', '/_tenant/me')).status).toBe(200);
  const image = await (await demo.as('alice', '/view?filename=hello.png&type=input')).blob();
  await Promise.all(EVERYONE.map((user) => upload(user, image)));
  // Keeps the worker busy until all are queued, however long that takes.
  const holding = await queue('greedy', 0, 60);
  const greedys: string[] = [];
  for (let n = 1; n < 12; n++) greedys.push(await queue('greedy', n));
  const theirs = await Promise.all(USERS.map((user) => queue(user, 0)));
  expect(await (await ask('greedy', '/history')).json()).toEqual({});
  const interrupt = { method: 'POST', body: JSON.stringify({ prompt_id: holding }) };
  expect((await ask('greedy', '/interrupt', interrupt)).status).toBe(200);

  const everything = [holding, ...greedys, ...theirs];
  const seen = async (user: string): Promise<string[]> => {
    const texts = await Promise.all(
      ['/queue', '/history', '/_tenant/queue'].map(async (path) => (await ask(user, path)).text()),
    );
    return everything.filter((id) => texts.join().includes(id));
  };
  for (const [index, user] of USERS.entries()) expect(await seen(user)).toEqual([theirs[index]]);

  const starts = await Promise.all(USERS.map((user, index) => begun(user, theirs[index] ?? '')));
  const last = Math.max(...starts);
  const before = (await Promise.all(greedys.map((id) => begun('greedy', id)))).filter(
    (start) => start < last,
  );
  expect(before.length).toBeLessThanOrEqual(3);
  for (const [index, user] of USERS.entries()) expect(await seen(user)).toEqual([theirs[index]]);
});
