import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run, type Ran } from '../../test/config/run-command.ts';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { check } from './check.ts';

let directory: ReturnType<typeof aDirectory>;
beforeEach(() => {
  directory = aDirectory();
  mkdirSync(join(directory.path, 'ComfyUI/venv/bin'), { recursive: true });
});
afterEach(() => {
  directory.remove();
});

/** ComfyUI's Python. The inspection itself is tested in plugin/tests/unit/test_source_inspection.py. */
function aPython(script: string): void {
  const path = join(directory.path, 'ComfyUI/venv/bin/python');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const inspect = (...more: string[]): Promise<Ran> =>
  run(check, { cwd: directory.path, args: ['--comfyui', 'ComfyUI', ...more] });

test('the plugin inspects the folder with the Python of ComfyUI, without any configuration', async () => {
  aPython('echo "$@"; echo "$PYTHONPATH"');
  const { code, out, err } = await inspect('--json');
  expect([code, err]).toEqual([0, []]);
  expect(out[0]).toBe(`-m comfyui_tenant inspect ${join(directory.path, 'ComfyUI')} --json`);
  expect(out[1]).toMatch(/\/plugin$/);
});

test('its result and its exit code are passed on', async () => {
  aPython('echo "ComfyUI 9: the plugin does not fit"; exit 78');
  expect(await inspect()).toMatchObject({ code: 78, out: ['ComfyUI 9: the plugin does not fit'], err: [] });
  aPython('echo "/x: is not a ComfyUI" >&2; exit 64');
  expect(await inspect()).toMatchObject({ code: 64, err: ['comfy-tenant check: /x: is not a ComfyUI'] });
});

test('a Python without the packages that the plugin needs is named', async () => {
  aPython('echo "ModuleNotFoundError: No module named \'aiohttp\'" >&2; exit 1');
  const { code, err } = await inspect();
  expect([code, err]).toEqual([
    69,
    [
      `comfy-tenant check: ${join(directory.path, 'ComfyUI/venv/bin/python')} has no package aiohttp: name ComfyUI's Python with --python`,
    ],
  ]);
});

test('Python runs outside the inspected folder, whose files it would import otherwise', async () => {
  aPython('pwd');
  const cwd = join(directory.path, 'ComfyUI');
  const { code, out } = await run(check, { cwd, args: ['--comfyui', '.', '--python', 'venv/bin/python'] });
  expect([code, out]).toEqual([0, [expect.stringMatching(/\/plugin$/)]]);
});
