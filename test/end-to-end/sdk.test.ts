import { ComfyApi } from '@saintno/comfyui-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { basic } from '../support/requests.ts';
import { startDemo, type Demo } from './demo.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(() => demo.stop());

type Name = 'alice' | 'bob';

async function client(name: Name): Promise<ComfyApi> {
  const credentials = { type: 'basic', username: name, password: demo.passwords[name] } as const;
  const api = new ComfyApi(demo.url, `client-of-${name}`, { credentials });
  return api.init().waitForReady();
}

function graph(image: string, prefix: string) {
  return {
    1: { class_type: 'DemoLoadImage', inputs: { image } },
    2: { class_type: 'DemoInvert', inputs: { picture: ['1', 0], text: prefix } },
    3: { class_type: 'DemoSaveImage', inputs: { picture: ['2', 0], filename_prefix: prefix } },
  };
}

interface Event {
  type: string;
  data: { prompt_id?: string };
}

/** Listens as ComfyUI's page does; what it hears is kept. */
function listen(name: Name, clientId: string): Promise<{ events: Event[]; close(): void }> {
  const url = `${demo.url.replace('http', 'ws')}/ws?clientId=${clientId}`;
  const socket = new WebSocket(url, { headers: { authorization: basic(name, demo.passwords[name]) } });
  const events: Event[] = [];
  socket.on('message', (bytes: Buffer, isBinary: boolean) => {
    if (!isBinary) events.push(JSON.parse(bytes.toString()) as Event);
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve({
        events,
        close: () => {
          socket.close();
        },
      });
    });
    socket.once('error', reject);
  });
}

test('each runs a workflow by a real SDK, and neither sees what the other made', async () => {
  for (const name of ['alice', 'bob'] as const) {
    const api = await client(name);
    const image = await (await demo.as(name, '/view?filename=hello.png&type=input')).blob();
    const uploaded = await api.uploadImage(Buffer.from(await image.arrayBuffer()), `input-of-${name}.png`);
    expect(uploaded).not.toBe(false);
    const { prompt_id: id } = await api.appendPrompt(graph(`input-of-${name}.png`, `made-by-${name}`));
    await expect.poll(async () => (await api.getHistory(id))?.status.completed).toBe(true);
    api.destroy();
  }
  for (const [name, other] of [
    ['alice', 'bob'],
    ['bob', 'alice'],
  ] as const) {
    const history = await (await demo.as(name, '/history')).text();
    expect(history).toContain(`made-by-${name}`);
    expect(history).not.toContain(`made-by-${other}`);
    const outputs = await (await demo.as(name, '/internal/files/output')).text();
    expect(outputs).toContain(`made-by-${name}`);
    expect(outputs).not.toContain(other);
    const stolen = await demo.as(name, '/prompt', {
      method: 'POST',
      body: JSON.stringify({ prompt: graph(`input-of-${other}.png`, 'stolen') }),
    });
    expect(stolen.status).toBe(400);
  }
});

test('a WebSocket carries the events of its own user, also when another takes the same client id', async () => {
  const alice = await listen('alice', 'same-id');
  const bob = await listen('bob', 'same-id');
  const body = JSON.stringify({ prompt: graph('hello.png', 'events'), client_id: 'same-id' });
  const answer = await demo.as('alice', '/prompt', { method: 'POST', body });
  const { prompt_id: id } = (await answer.json()) as { prompt_id: string };
  await expect
    .poll(() => alice.events.some(({ type, data }) => type === 'execution_success' && data.prompt_id === id))
    .toBe(true);
  expect(alice.events.map(({ type }) => type)).toContain('executed');
  expect(JSON.stringify(bob.events)).not.toContain(id);
  alice.close();
  bob.close();
});
