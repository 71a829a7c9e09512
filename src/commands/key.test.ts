import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BASIC, configDirectory, type ConfigDirectory } from '../../test/config/config-file.ts';
import { run, type Ran } from '../../test/config/run-command.ts';
import { check } from './check.ts';
import { key } from './key.ts';

let directory: ConfigDirectory;
beforeEach(() => {
  directory = configDirectory();
  directory.write('comfy-tenant.yaml', BASIC);
});
afterEach(() => {
  directory.remove();
});

const runKey = (...args: string[]): Promise<Ran> => run(key, { cwd: directory.path, args });
const checked = (): Promise<Ran> => run(check, { cwd: directory.path });
const inKeys = (...names: string[]): string => join(directory.path, '.comfy-tenant', ...names);

function kids(): string[] {
  const { keys } = JSON.parse(readFileSync(inKeys('public/comfyui.json'), 'utf8')) as {
    keys: { kid: string }[];
  };
  return keys.map(({ kid }) => kid);
}

/** A shared key of 0.1. */
function writeSharedKey(): void {
  mkdirSync(inKeys());
  directory.write('.comfy-tenant/token.key', `${Buffer.alloc(32, 7).toString('base64url')}\n`);
  chmodSync(inKeys('token.key'), 0o600);
}

test('the keys are made, and each ComfyUI is told its file', async () => {
  const { code, out } = await runKey();
  expect(code).toBe(0);
  expect(out.at(-1)).toBe(
    `  ComfyUI at http://127.0.0.1:8188: COMFY_TENANT_KEY_FILE=${inKeys('public/comfyui.json')}`,
  );
  expect([existsSync(inKeys('token.key')), existsSync(inKeys('verify.key'))]).toEqual([true, true]);
  expect(out[0]).toContain(kids()[0]?.slice(0, 8));
  const before = kids();
  await runKey();
  expect(kids()).toEqual(before);
});

test('a rotation publishes the new key and the one before', async () => {
  await runKey();
  const [first] = kids();
  await runKey('--rotate');
  expect(kids()).toHaveLength(2);
  expect(kids()[1]).toBe(first);
  const { out } = await runKey('--rotate');
  expect(kids()).not.toContain(first);
  expect(out.at(-1)).toContain('Restart the service');
});

test('a key of 0.1 stays as it is, and the way on is told', async () => {
  writeSharedKey();
  const { code, err } = await runKey();
  expect(code).toBe(78);
  expect(err.join('')).toContain('first set comfyui.tokenKeyFile to a new file');
  expect(existsSync(inKeys('public'))).toBe(false);
});

test('check names the key and the file of each ComfyUI', async () => {
  await runKey();
  const { code, out, err } = await checked();
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out).toContain(`key ${kids()[0]?.slice(0, 8) ?? ''} (${inKeys('token.key')})`);
  expect(out).toContain(
    `  for ComfyUI at http://127.0.0.1:8188: COMFY_TENANT_KEY_FILE=${inKeys('public/comfyui.json')}`,
  );
});

test('check creates no key', async () => {
  await checked();
  expect(existsSync(inKeys())).toBe(false);
});

test('check warns of a key of 0.1 and of keys that others can read', async () => {
  writeSharedKey();
  directory.write('.comfy-tenant/verify.key', '{"keys": []}');
  chmodSync(inKeys('verify.key'), 0o644);
  const { code, err } = await checked();
  expect(code).toBe(78);
  expect(err.join('\n')).toContain(
    `comfyui.verifyKeyFile: every user of this machine can read ${inKeys('verify.key')}: chmod o-rwx it`,
  );
  expect(err.join('\n')).toContain('verify.key: contains no key');
  chmodSync(inKeys('verify.key'), 0o600);
  directory.write('.comfy-tenant/verify.key', readFileSync(await anyKey(), 'utf8'));
  const again = await checked();
  expect(again.code).toBe(0);
  expect(again.err).toEqual([expect.stringMatching(/^warning: .*token\.key holds a comfy-tenant 0\.1 key/)]);
});

/** A file with a good private key. */
async function anyKey(): Promise<string> {
  const other = configDirectory();
  other.write('comfy-tenant.yaml', BASIC);
  await run(key, { cwd: other.path });
  return join(other.path, '.comfy-tenant/token.key');
}
