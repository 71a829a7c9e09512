import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ensureComfyui } from '../src/local/ensure-comfyui.ts';
import { ensureEnvoy } from '../src/local/ensure-envoy.ts';

/** Programs that tests run beside what the project itself installs, and the Debian packages that have them. */
const PROGRAMS = {
  chromium: 'chromium',
  htpasswd: 'apache2-utils',
  openssl: 'openssl',
  promtool: 'prometheus',
};

function has(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

/** Installs from Debian what is missing. @throws Error naming what to install, where that cannot be done */
function ensurePrograms(): void {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !has(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  console.log(`  installing ${packages.join(', ')}`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  const still = missing.filter(([program]) => !has(program));
  if (still.length > 0)
    throw new Error(`tests need ${still.map(([, name]) => name).join(', ')}: please install`);
}

function pipInstall(python: string, requirements: string, ...options: readonly string[]): void {
  const { status } = spawnSync(
    python,
    ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...options, '-r', requirements],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`tests need ${requirements}: pip could not install them`);
}

function ensurePythonPackages(python: string): void {
  pipInstall(python, 'plugin/requirements-test.txt');
  // In folders of their own: other tests run a ComfyUI that does not have them.
  const inFolders = {
    '.tools/comfyui-manager-4.3': ['plugin/requirements-manager.txt', '--no-deps'],
    '.tools/kubernetes-validate-1.37': ['test/requirements-kubernetes.txt'],
  } as const;
  for (const [folder, [requirements, ...options]] of Object.entries(inFolders))
    if (!existsSync(folder)) pipInstall(python, requirements, ...options, '--target', folder);
}

/** Gets everything that tests need; returns the Python of the ComfyUI that they run. */
export async function prepareForTests(): Promise<string> {
  const say = (note: string): void => {
    console.log(`  ${note}`);
  };
  ensurePrograms();
  await ensureEnvoy({ env: process.env, toolsFolder: '.tools', say });
  const { python } = await ensureComfyui({ env: process.env, toolsFolder: '.tools', say });
  ensurePythonPackages(python);
  return python;
}
