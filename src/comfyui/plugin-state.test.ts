import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../stack/ports.ts';
import { askPlugin } from './plugin-state.ts';

const FACTS = {
  plugin: '1.0.0',
  comfyui: '0.3.75',
  key: '91bc0000',
  keyFile: 'public',
  audience: 'comfyui-1',
  sharedKey: null,
  hooks: { fit: 31, all: 31 },
};

async function serving(listener: RequestListener): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer(listener).listen(0, '127.0.0.1', () => {
      resolve(made);
    });
  });
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the facts of a plugin are read', async () => {
  const url = await serving((request, response) => {
    response.end(request.url === '/_tenant/plugin' ? JSON.stringify(FACTS) : '');
  });
  const state = await askPlugin(url);
  expect(state).toStrictEqual({ kind: 'present', facts: FACTS });
});

test('a ComfyUI without the plugin is distinguished from one that does not answer', async () => {
  const url = await serving((_request, response) => {
    response.writeHead(404).end();
  });
  expect(await askPlugin(url)).toStrictEqual({ kind: 'absent', status: 404 });
  expect(await askPlugin(`http://127.0.0.1:${await freePort()}`)).toStrictEqual({
    kind: 'unreachable',
    why: 'ECONNREFUSED',
  });
});

test('a page that answers 200 to everything is no plugin', async () => {
  const url = await serving((_request, response) => {
    response.end('<html>hello</html>');
  });
  expect(await askPlugin(url)).toStrictEqual({ kind: 'absent', status: 200 });
});

test('a plugin of 0.1 has a shared key, if any', async () => {
  const facts = { plugin: '0.1.0', comfyui: '0.3.75', key: '91bc0000', hooks: { fit: 31, all: 31 } };
  const old = await serving((_request, response) => response.end(JSON.stringify(facts)));
  expect(await askPlugin(old)).toMatchObject({ facts: { keyFile: 'shared' } });
  const none = await serving((_request, response) => response.end(JSON.stringify({ ...facts, key: null })));
  expect(await askPlugin(none)).toMatchObject({ facts: { keyFile: 'invalid' } });
});

test.each([{ keyFile: 'other' }, { key: 7 }, { audience: 7 }, { sharedKey: {} }])(
  'an answer with %o is no plugin',
  async (changes) => {
    const url = await serving((_request, response) => response.end(JSON.stringify({ ...FACTS, ...changes })));
    expect(await askPlugin(url)).toStrictEqual({ kind: 'absent', status: 200 });
  },
);
