import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './ports.ts';
import { askPlugin, pluginFault, type PluginState } from './plugin-state.ts';

const KEY = { file: '.comfy-tenant/token.key', fingerprint: '91bc0000' };
const URL = 'http://127.0.0.1:8188';
const FACTS = { plugin: '1.0.0', comfyui: '0.3.75', key: '91bc0000', hooks: { fit: 31, all: 31 } };

async function serving(listener: RequestListener): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer(listener).listen(0, '127.0.0.1', () => {
      resolve(made);
    });
  });
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a plugin with our key has no fault', async () => {
  const url = await serving((request, response) => {
    response.end(request.url === '/_tenant/plugin' ? JSON.stringify(FACTS) : '');
  });
  const state = await askPlugin(url);
  expect(state).toStrictEqual({ kind: 'present', facts: FACTS });
  expect(pluginFault(state, URL, KEY)).toBeUndefined();
});

test('a ComfyUI without the plugin is told from one that is not there', async () => {
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

test.each<[string, PluginState, string]>([
  [
    'no plugin',
    { kind: 'absent', status: 404 },
    'ComfyUI at 127.0.0.1:8188 answers but shows no comfy-tenant plugin (GET /_tenant/plugin: 404). Put the folder plugin/ into its custom_nodes and restart it. Until then nothing is isolated, so requests are refused (503).',
  ],
  [
    'another key',
    { kind: 'present', facts: { ...FACTS, key: '4f2a1111' } },
    'The plugin at 127.0.0.1:8188 uses another key than .comfy-tenant/token.key (fingerprints 4f2a / 91bc). Point COMFY_TENANT_KEY_FILE to .comfy-tenant/token.key and restart ComfyUI.',
  ],
  [
    'no key',
    { kind: 'present', facts: { ...FACTS, key: null } },
    'The plugin at 127.0.0.1:8188 has no key. Point COMFY_TENANT_KEY_FILE to .comfy-tenant/token.key and restart ComfyUI.',
  ],
  [
    'not there',
    { kind: 'unreachable', why: 'ECONNREFUSED' },
    'ComfyUI at 127.0.0.1:8188 does not answer (ECONNREFUSED). Start it; until then requests get 503.',
  ],
])('%s is said with the remedy', (_name, state, message) => {
  expect(pluginFault(state, URL, KEY)).toBe(message);
});
