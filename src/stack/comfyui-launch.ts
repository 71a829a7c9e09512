import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { StartError } from '../errors/start-error.ts';
import type { DemoComfyui } from '../install/ensure-comfyui.ts';
import { PACKAGE_ROOT } from '../install/package-root.ts';
import { venvPython } from '../install/python.ts';
import { lastLines, runProgram, type Env } from '../install/run-program.ts';

/** How one ComfyUI is run; where it listens comes on top. */
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

/** `COMFYUI_ARGS`, parted at spaces. */
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

/** Whether the plugin is where this ComfyUI looks for custom nodes: loaded twice it would wrap everything twice. */
function hasPlugin(dir: string): boolean {
  const customNodes = join(dir, 'custom_nodes');
  if (!existsSync(customNodes)) return false;
  return readdirSync(customNodes).some((entry) => existsSync(join(customNodes, entry, 'comfyui_tenant')));
}

/** A folder of custom nodes that holds the plugin alone, so that the user's own folder stays as it is. */
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
 * A ComfyUI that the user has: `COMFYUI_DIR`, run by `COMFYUI_PYTHON`, else its venv, else `python3`, with
 * `COMFYUI_ARGS` (parted at spaces).
 *
 * @param folder where the link to the plugin is put
 * @throws CannotStart when there is no ComfyUI, or its Python lacks what the plugin imports
 */
export async function launchGiven(dir: string, folder: string, env: Env): Promise<ComfyuiLaunch> {
  const app = resolve(dir);
  if (!existsSync(join(app, 'main.py'))) {
    throw new StartError(`COMFYUI_DIR=${dir} holds no main.py: name the folder of a ComfyUI`);
  }
  const python = pythonOf(app, env);
  const asked = await runProgram(python, ['-c', 'import jwt, cryptography'], { env });
  if (asked.code !== 0) {
    const why = lastLines(asked.stderr, 1).join('');
    throw new StartError(
      `ComfyUI's Python cannot load what the plugin needs (${why}): ` +
        `${python} -m pip install -r ${join(PLUGIN, 'requirements.txt')}, or name another by COMFYUI_PYTHON`,
    );
  }
  const given = moreArgs(env);
  const base = given[given.indexOf('--base-directory') + 1];
  const dirs = given.includes('--base-directory') && base !== undefined ? [app, resolve(app, base)] : [app];
  const plugin = dirs.some(hasPlugin) ? [] : extraNodes(folder);
  return { python, app, args: ['--disable-auto-launch', ...plugin, ...given], env };
}
