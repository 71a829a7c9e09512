import { expect, test } from 'vitest';
import { pluginFault, pluginWarning, type ExpectedKey } from './plugin-fault.ts';
import type { PluginFacts, PluginState } from './plugin-state.ts';

const URL = 'http://127.0.0.1:8188';
const OURS: ExpectedKey = {
  kind: 'ed25519',
  fingerprint: '91bc0000',
  audience: 'comfyui-1',
  file: '/k/public/comfyui.json',
};
const OLD: ExpectedKey = { ...OURS, kind: 'shared', fingerprint: 'abcd0000', file: '/k/token.key' };

function present(changes: Partial<PluginFacts> = {}): PluginState {
  const facts = {
    plugin: '0.2.0',
    comfyui: '0.3.75',
    key: '91bc0000',
    keyFile: 'public',
    audience: 'comfyui-1',
    sharedKey: null,
    hooks: { fit: 31, all: 31 },
  } as const;
  return { kind: 'present', facts: { ...facts, ...changes } };
}

const SHARED = { keyFile: 'shared', key: 'abcd0000', audience: null, sharedKey: 'abcd0000' } as const;
const BOTH = { keyFile: 'both', sharedKey: 'abcd0000' } as const;
const NONE = { key: null, audience: null } as const;
const SET = 'Set COMFY_TENANT_KEY_FILE to /k/public/comfyui.json and restart ComfyUI.';

test.each<[string, PluginState, ExpectedKey]>([
  ['our public key', present(), OURS],
  ['our public key while migrating', present(BOTH), OURS],
  ['the shared key of 0.1', present(SHARED), OLD],
  ['the shared key of 0.1 while migrating', present(BOTH), OLD],
])('a plugin with %s fits', (_, state, ours) => {
  expect(pluginFault(state, URL, ours)).toBeUndefined();
});

test.each<[string, PluginState, string, ExpectedKey?]>([
  [
    'no plugin',
    { kind: 'absent', status: 404 },
    'ComfyUI at 127.0.0.1:8188 answers without the comfy-tenant plugin (GET /_tenant/plugin: 404). Put the folder plugin/ into its custom_nodes and restart it. Until then requests get 503.',
  ],
  [
    'a ComfyUI that does not run',
    { kind: 'unreachable', why: 'ECONNREFUSED' },
    'ComfyUI at 127.0.0.1:8188 does not answer (ECONNREFUSED). Start it; until then requests get 503.',
  ],
  [
    'another key',
    present({ key: '4f2a1111' }),
    `The plugin at 127.0.0.1:8188 verifies tokens with a different key than /k/public/comfyui.json (fingerprints 4f2a / 91bc). ${SET}`,
  ],
  [
    'the file of another ComfyUI',
    present({ audience: 'comfyui-2' }),
    `The plugin at 127.0.0.1:8188 has the key file of another ComfyUI (audience comfyui-2 instead of comfyui-1). ${SET}`,
  ],
  [
    'no setting',
    present({ ...NONE, keyFile: 'unset' }),
    `The plugin at 127.0.0.1:8188 has no key: COMFY_TENANT_KEY_FILE is not set. ${SET}`,
  ],
  [
    'no file',
    present({ ...NONE, keyFile: 'missing' }),
    `The plugin at 127.0.0.1:8188 has no key: the file in COMFY_TENANT_KEY_FILE does not exist there. ${SET}`,
  ],
  [
    'a private key',
    present({ ...NONE, keyFile: 'private' }),
    `The plugin at 127.0.0.1:8188 was given a private key, with which node code could impersonate any user; replace that key (comfy-tenant key --rotate, twice). ${SET}`,
  ],
  [
    'a broken file',
    present({ ...NONE, keyFile: 'invalid' }),
    `The plugin at 127.0.0.1:8188 has no usable key file; see ComfyUI's log. ${SET}`,
  ],
  [
    'a shared key that is no longer used',
    present(SHARED),
    `The plugin at 127.0.0.1:8188 still has a shared comfy-tenant 0.1 key, which the service no longer uses. ${SET}`,
  ],
  [
    'another shared key',
    present({ ...SHARED, key: '00001111' }),
    'The plugin at 127.0.0.1:8188 verifies tokens with a different key than /k/token.key (fingerprints 0000 / abcd). Set COMFY_TENANT_KEY_FILE to /k/token.key and restart ComfyUI.',
    OLD,
  ],
  [
    'public keys too early',
    present(),
    'The plugin at 127.0.0.1:8188 has public keys, but the service still signs with a comfy-tenant 0.1 key. Set COMFY_TENANT_KEY_FILE to /k/token.key and restart ComfyUI.',
    OLD,
  ],
])('%s is reported with the remedy', (_name, state, message, ours = OURS) => {
  expect(pluginFault(state, URL, ours)).toBe(message);
});

test('a shared key that is still accepted is warned of', () => {
  expect(pluginWarning(present(), URL)).toBeUndefined();
  expect(pluginWarning(present(SHARED), URL)).toContain('node code that reads it can impersonate any user');
  expect(pluginWarning(present(BOTH), URL)).toContain('delete that file once the service signs');
});
