import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run, type Ran } from '../../test/config/run-command.ts';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { packageVersion } from '../install/package-root.ts';
import { plugin } from './plugin.ts';

let directory: ReturnType<typeof aDirectory>;
beforeEach(() => {
  directory = aDirectory();
  mkdirSync(inComfyui('custom_nodes/other-pack'), { recursive: true });
  mkdirSync(inComfyui('venv/bin'), { recursive: true });
  aPython('exit 0');
});
afterEach(() => {
  directory.remove();
});

const inComfyui = (name: string): string => join(directory.path, 'ComfyUI', name);
const copy = (...names: string[]): string => join(inComfyui('custom_nodes/comfy-tenant'), ...names);
const runPlugin = (...args: string[]): Promise<Ran> => run(plugin, { cwd: directory.path, args });
const install = (...more: string[]) => runPlugin('install', '--comfyui', 'ComfyUI', ...more);
const uninstall = () => runPlugin('uninstall', '--comfyui', 'ComfyUI');

/** ComfyUI's Python, which notes its arguments. */
function aPython(end: string): void {
  writeFileSync(inComfyui('venv/bin/python'), `#!/bin/sh\necho "$@" >> ${directory.path}/asked\n${end}\n`);
  chmodSync(inComfyui('venv/bin/python'), 0o755);
}

test('the plugin is copied without its tests, and its packages are installed with the Python of ComfyUI', async () => {
  const { code, out } = await install();
  expect([code, out[0]]).toEqual([0, `installed comfy-tenant ${packageVersion()} in ${copy()}`]);
  expect(readdirSync(copy()).toSorted()).toEqual([
    '.installed.json',
    'LICENSE',
    'README.md',
    '__init__.py',
    'comfyui_tenant',
    'prestartup_script.py',
    'pyproject.toml',
    'requirements.txt',
    'web',
  ]);
  expect(readFileSync(join(directory.path, 'asked'), 'utf8')).toBe(
    `-m pip install -r ${copy('requirements.txt')}\n`,
  );
  expect(readdirSync(inComfyui('custom_nodes')).toSorted()).toEqual(['comfy-tenant', 'other-pack']);
});

test('a second installation replaces the first; --dry-run changes nothing', async () => {
  expect((await install('--dry-run')).out[0]).toBe(
    `would install comfy-tenant ${packageVersion()} in ${copy()}`,
  );
  expect(existsSync(copy())).toBe(false);
  await install();
  mkdirSync(copy('comfyui_tenant/__pycache__'));
  writeFileSync(copy('comfyui_tenant/__pycache__/x.pyc'), '');
  const { code, out } = await install();
  expect([code, out[0]]).toEqual([
    0,
    `installed comfy-tenant ${packageVersion()}, replacing ${packageVersion()}, in ${copy()}`,
  ]);
});

test('uninstalling removes exactly what was installed', async () => {
  await install();
  const { code, out } = await uninstall();
  expect([code, out[0]]).toEqual([
    0,
    `removed comfy-tenant ${packageVersion()} from ${inComfyui('custom_nodes')}`,
  ]);
  expect(readdirSync(inComfyui('custom_nodes'))).toEqual(['other-pack']);
  expect((await uninstall()).code).toBe(1);
});

test.each<[string, () => void, RegExp]>([
  [
    'a copy that was put there by hand',
    () => {
      mkdirSync(copy());
    },
    /was not made by "comfy-tenant plugin install": move it away first/,
  ],
  [
    'another copy',
    () => {
      mkdirSync(inComfyui('custom_nodes/mine/comfyui_tenant'), { recursive: true });
      writeFileSync(inComfyui('custom_nodes/mine/comfyui_tenant/__init__.py'), '');
    },
    /custom_nodes\/mine is another copy of the plugin: remove it first/,
  ],
  [
    'a link to the plugin',
    () => {
      symlinkSync(join(process.cwd(), 'plugin'), inComfyui('custom_nodes/linked'));
    },
    /custom_nodes\/linked is another copy of the plugin/,
  ],
])('%s is left alone', async (_, prepare, message) => {
  prepare();
  const { code, err } = await install();
  expect(code).toBe(1);
  expect(err.join('\n')).toMatch(message);
  expect(existsSync(copy('comfyui_tenant'))).toBe(false);
});

test.each([
  ['comfyui_tenant/install.py', 'changed'],
  ['notes.txt', 'mine'],
])('a copy with %s of someone else is neither replaced nor removed', async (name, content) => {
  await install();
  writeFileSync(copy(name), content);
  for (const { code, err } of [await install(), await uninstall()]) {
    expect(code).toBe(1);
    expect(err.join('\n')).toContain(
      `changed or added since the installation, such as ${name}: move them away first`,
    );
  }
  expect(readFileSync(copy(name), 'utf8')).toBe(content);
});

test('without a venv, the Python must be named, and nothing is copied before', async () => {
  mkdirSync(join(directory.path, 'base/custom_nodes'), { recursive: true });
  const { code, err } = await runPlugin('install', '--comfyui', 'base');
  expect([code, err]).toEqual([
    1,
    [
      `comfy-tenant plugin: ${join(directory.path, 'base')} has no venv: name ComfyUI's Python with --python, or use --no-requirements`,
    ],
  ]);
  expect(readdirSync(join(directory.path, 'base/custom_nodes'))).toEqual([]);
  expect((await runPlugin('install', '--comfyui', 'base', '--python', 'ComfyUI/venv/bin/python')).code).toBe(
    0,
  );
  expect((await runPlugin('install', '--comfyui', 'base', '--no-requirements')).code).toBe(0);
});

test('a failing pip is reported with its last lines', async () => {
  aPython('echo "no such index" >&2; exit 1');
  const { code, err } = await install();
  expect(code).toBe(1);
  expect(err.join('\n')).toMatch(
    /the plugin is in place, but its Python packages are not: .*failed:\nno such index$/s,
  );
});

test.each([
  [['install'], 64, 'expected --comfyui'],
  [['remove', '--comfyui', 'ComfyUI'], 64, 'expected install or uninstall'],
  [['install', '--comfyui', 'nowhere'], 1, 'has no folder custom_nodes: name the folder of ComfyUI'],
])('%j gets one line', async (args, expected, message) => {
  const { code, err } = await runPlugin(...args);
  expect([code, err.length]).toEqual([expected, 1]);
  expect(err[0]).toContain(message);
});
