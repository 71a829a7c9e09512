import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { StartError } from '../errors/start-error.ts';
import type { DemoComfyui } from '../install/ensure-comfyui.ts';
import { PACKAGE_ROOT } from '../install/package-root.ts';
import { venvPython } from '../install/python.ts';
import { lastLines, runProgram, type Env } from '../install/run-program.ts';

/** How to run a ComfyUI, without the options for its address. */
export interface ComfyuiLaunch {
  readonly python: string;
  /** The folder of its `main.py`. */
  readonly app: string;
  readonly args: readonly string[];
  readonly env: Env;
}

const PLUGIN = join(PACKAGE_ROOT, 'plugin');
const DEMO = join(PLUGIN, 'demo');
const LINK = 'comfy-tenant';

function link(target: string, path: string): void {
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path, 'dir');
}

/** `COMFYUI_ARGS`, split on spaces. */
function moreArgs(env: Env): string[] {
  return (env.COMFYUI_ARGS ?? '').split(/\s+/).filter((arg) => arg !== '');
}

/**
 * The demo's ComfyUI with the plugin and the demo's nodes, and `COMFYUI_ARGS`.
 *
 * @param base where its users' files are kept
 */
export function launchDemo({ app, python, frontend }: DemoComfyui, base: string, env: Env): ComfyuiLaunch {
  const customNodes = join(base, 'custom_nodes');
  makeFolder(customNodes);
  link(PLUGIN, join(customNodes, LINK));
  link(join(DEMO, 'nodes'), join(customNodes, 'comfy-tenant-demo'));
  return {
    python,
    app,
    args: [
      ...['--cpu', '--base-directory', base, '--database-url', 'sqlite:///:memory:'],
      ...['--disable-auto-launch', '--disable-api-nodes', '--front-end-root', frontend],
      ...moreArgs(env),
    ],
    env: { ...env, PYTHONPATH: join(DEMO, 'torch-stub'), PYTHONDONTWRITEBYTECODE: '1' },
  };
}

/** Whether this ComfyUI has the plugin already: loaded twice, it would wrap everything twice. */
function hasPlugin(dir: string): boolean {
  const customNodes = join(dir, 'custom_nodes');
  if (!existsSync(customNodes)) return false;
  return readdirSync(customNodes).some((entry) => existsSync(join(customNodes, entry, 'comfyui_tenant')));
}

/** Adds a folder of custom nodes that contains only the plugin, so that the user's own folder is not changed. */
function extraNodes(folder: string): readonly string[] {
  const customNodes = join(folder, 'custom_nodes');
  makeFolder(customNodes);
  link(PLUGIN, join(customNodes, LINK));
  const file = join(folder, 'extra_model_paths.yaml');
  writeFileAtomically(file, `comfy_tenant:\n  custom_nodes: ${JSON.stringify(customNodes)}\n`);
  return ['--extra-model-paths-config', file];
}

function pythonOf(dir: string, env: Env): string {
  const named = env.COMFYUI_PYTHON;
  if (named !== undefined && named !== '') return named;
  const own = [join(dir, '.venv'), join(dir, 'venv')].map(venvPython).find((path) => existsSync(path));
  return own ?? 'python3';
}

/**
 * An existing ComfyUI in `COMFYUI_DIR`, run with `COMFYUI_PYTHON`, else its venv, else `python3`, and with
 * `COMFYUI_ARGS` (split on spaces).
 *
 * @param folder where the link to the plugin is created
 * @throws StartError if there is no ComfyUI, or its Python lacks the plugin's requirements
 */
export async function launchFromDir(dir: string, folder: string, env: Env): Promise<ComfyuiLaunch> {
  const app = resolve(dir);
  if (!existsSync(join(app, 'main.py'))) {
    throw new StartError(`COMFYUI_DIR=${dir} has no main.py: set it to a ComfyUI folder`);
  }
  const python = pythonOf(app, env);
  const asked = await runProgram(python, ['-c', 'import jwt, cryptography'], { env });
  if (asked.code !== 0) {
    const why = lastLines(asked.stderr, 1).join('');
    throw new StartError(
      `ComfyUI's Python lacks packages that the plugin needs (${why}): run ` +
        `${python} -m pip install -r ${join(PLUGIN, 'requirements.txt')}, or set COMFYUI_PYTHON to another Python`,
    );
  }
  const given = moreArgs(env);
  const base = given[given.indexOf('--base-directory') + 1];
  const dirs = given.includes('--base-directory') && base !== undefined ? [app, resolve(app, base)] : [app];
  const plugin = dirs.some(hasPlugin) ? [] : extraNodes(folder);
  return { python, app, args: ['--disable-auto-launch', ...plugin, ...given], env };
}
