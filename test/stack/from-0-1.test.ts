import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeUserId } from '../../src/auth/user-id.ts';
import { key } from '../../src/commands/key.ts';
import { launchDemo } from '../../src/stack/comfyui-launch.ts';
import { ensureComfyui } from '../../src/install/ensure-comfyui.ts';
import { runLiveChecks } from '../../src/comfyui/live-checks.ts';
import { PACKAGE_ROOT } from '../../src/install/package-root.ts';
import { freePort } from '../../src/stack/ports.ts';
import { openPrograms, type Program } from '../../src/stack/programs.ts';
import { startComfyui } from '../../src/stack/start-comfyui.ts';
import { createMint } from '../../src/token/mint-token.ts';
import { loadTokenKeys } from '../../src/token/token-key.ts';
import { comfyuiGroups } from '../../src/config/comfyui-groups.ts';
import { load } from '../support/temp-dir.ts';
import { run } from '../config/run-command.ts';
import { BASIC } from '../envoy/stand.ts';
import { scratchFolder } from './start-up.ts';

const ALICE = encodeUserId('alice')!;

test('a real ComfyUI goes from the shared key of 0.1 to public keys as docs/operator.md says, and accepts the service throughout', async () => {
  const folder = scratchFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const oldKey = join(folder, '.comfy-tenant', 'token.key');
  const configured = (comfyui: string) => {
    const file = join(folder, 'comfy-tenant.yaml');
    const endpoint = `{ name: studio, upstream: "${url}", multiTenant: true, auth: ${BASIC} }`;
    writeFileSync(file, `endpoints:\n  - ${endpoint}\ncomfyui: ${comfyui}\n`);
    return load(file).config;
  };
  mkdirSync(join(folder, '.comfy-tenant'));
  writeFileSync(oldKey, `${Buffer.alloc(32, 7).toString('base64url')}\n`, { mode: 0o600 });

  const programs = openPrograms();
  const demo = await ensureComfyui({
    env: process.env,
    toolsFolder: join(PACKAGE_ROOT, '.tools'),
    report: () => undefined,
  });
  const launch = launchDemo(demo, join(folder, 'base'), process.env);
  const comfyui = async (keyFile: string): Promise<Program> => {
    return (await startComfyui({ launch, host: '127.0.0.1', port, keyFile, folder, programs })).program;
  };
  /** Whether ComfyUI accepts a token of the service, as it would sign with this configuration. */
  const statusWith = async (config: ReturnType<typeof configured>): Promise<number> => {
    const mint = createMint(loadTokenKeys(config.comfyui.tokenKeyFile), Date.now);
    const { text } = await mint({ userId: ALICE, operator: false }, comfyuiGroups(config)[0]?.audience ?? '');
    const headers = { 'x-funart-comfy-userid': ALICE, 'x-funart-comfy-token': text };
    return (await fetch(`${url}/queue`, { headers })).status;
  };
  const found = async (config: ReturnType<typeof configured>): Promise<string[]> => {
    const findings = await runLiveChecks(config, loadTokenKeys(config.comfyui.tokenKeyFile), []);
    return findings.map(({ level, text }) => `${level}: ${text}`);
  };

  try {
    const before = configured('{}');
    let running = await comfyui(oldKey);
    expect(await statusWith(before)).toBe(200);
    expect(await found(before)).toContainEqual(
      expect.stringMatching(/^warning: .* has a shared comfy-tenant 0\.1 key/),
    );

    const after = configured('{ tokenKeyFile: .comfy-tenant/signing.key }');
    expect((await run(key, { cwd: folder })).code).toBe(0);
    const publicFile = join(folder, '.comfy-tenant', 'public', 'comfyui.json');
    expect(await statusWith(before)).toBe(200);

    await running.stop();
    running = await comfyui(`${publicFile}${delimiter}${oldKey}`);
    expect([await statusWith(before), await statusWith(after)]).toEqual([200, 200]);
    expect((await found(after))[0]).toMatch(/^warning: .* also accepts a shared comfy-tenant 0\.1 key/);

    const withOldKey = createMint(loadTokenKeys(oldKey), Date.now);
    const { text } = await withOldKey({ userId: ALICE, operator: false }, '');
    rmSync(oldKey);
    const headers = { 'x-funart-comfy-userid': ALICE, 'x-funart-comfy-token': text };
    await expect.poll(async () => (await fetch(`${url}/queue`, { headers })).status).toBe(403);
    expect(await statusWith(after)).toBe(200);
    // Service and ComfyUI run under one account here; nothing else is left to warn about.
    expect((await found(after)).filter((line) => line.startsWith('warning'))).toEqual([
      expect.stringMatching(/^warning: ComfyUI at .* can read private keys/),
    ]);
  } finally {
    await programs.stopAll();
  }
});
