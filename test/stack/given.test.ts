import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureComfyui } from '../../src/install/ensure-comfyui.ts';
import { PACKAGE_ROOT } from '../../src/install/package-root.ts';
import { freePort } from '../../src/stack/ports.ts';
import { run, scratchFolder } from './start-up.ts';

const DEMO = join(PACKAGE_ROOT, 'plugin', 'demo');
const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$bmV2ZXJhbWF0Y2hvZmFueXBhc3N3b3JkYXRhbGwhISE';

async function config(folder: string): Promise<{ file: string; upstream: number }> {
  const file = join(folder, 'comfy-tenant.yaml');
  const [upstream, gateway, admin] = [await freePort(), await freePort(), await freePort()];
  writeFileSync(
    file,
    `endpoints:
  - name: studio
    domains: [comfy.example.com]
    upstream: http://127.0.0.1:${upstream}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: '${HASH}' }] }
gateway: { listen: 127.0.0.1:${gateway} }
admin: { listen: 127.0.0.1:${admin} }
`,
  );
  return { file, upstream };
}

/** A user's existing ComfyUI: with its own nodes and without the plugin. */
async function ownComfyui(base: string): Promise<Record<string, string>> {
  const search = { env: process.env, toolsFolder: join(PACKAGE_ROOT, '.tools'), report: () => undefined };
  const { app, python, frontend } = await ensureComfyui(search);
  mkdirSync(join(base, 'custom_nodes'), { recursive: true });
  symlinkSync(join(DEMO, 'nodes'), join(base, 'custom_nodes', 'own-nodes'));
  const quiet = '--database-url sqlite:///:memory: --disable-api-nodes';
  return {
    COMFYUI_DIR: app,
    COMFYUI_PYTHON: python,
    COMFYUI_ARGS: `--cpu --base-directory ${base} --front-end-root ${frontend} ${quiet}`,
    PYTHONPATH: join(DEMO, 'torch-stub'),
  };
}

test('a configuration of one’s own is served in front of one’s own ComfyUI, whose folder stays as it is, and verifies', async () => {
  const folder = scratchFolder();
  const base = join(folder, 'base');
  const env = await ownComfyui(base);
  const before = readdirSync(join(env['COMFYUI_DIR']!, 'custom_nodes'));
  const { file, upstream } = await config(folder);
  const up = run(['up', '--config', file], env);
  await up.said('Ctrl-C stops everything');
  expect(up.output()).toContain("two temporary users cannot see each other's work (6 of 6)");

  const verified = run(['verify', '--config', file]);
  expect(await verified.ended).toBe(0);
  expect(verified.output()).toContain('No leaks found.');
  expect(verified.output()).toContain('refused (plugin requires a gateway token)');
  expect((await fetch(`http://127.0.0.1:${upstream}/queue`)).status).toBe(401);

  expect(readdirSync(join(base, 'tenants'))).toStrictEqual(['.instances', '.usage.sqlite']);
  expect(readdirSync(join(base, 'custom_nodes'))).toStrictEqual(['own-nodes']);
  expect(readdirSync(join(env['COMFYUI_DIR']!, 'custom_nodes'))).toStrictEqual(before);
  expect(await up.end('SIGINT')).toBe(0);
  expect(up.output()).toContain('stopped 3 programs\n');
});
