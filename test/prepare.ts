import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ensureComfyui } from '../src/install/ensure-comfyui.ts';
import { ensureEnvoy } from '../src/install/ensure-envoy.ts';
import { explainError } from '../src/errors/explain-error.ts';

/** Programs that tests run beside what the project itself installs, and the Debian packages that have them. */
const PROGRAMS = {
  chromium: 'chromium',
  htpasswd: 'apache2-utils',
  openssl: 'openssl',
  promtool: 'prometheus',
};

/** What the tests have got. */
export interface Prepared {
  /** The Python of the ComfyUI that the tests run; undefined when there is none. */
  readonly python: string | undefined;
  /** One entry per thing that is missing, with how to get it. */
  readonly missing: readonly string[];
}

function has(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`));
}

function missingPrograms(): [program: string, debianPackage: string][] {
  return Object.entries(PROGRAMS).filter(([program]) => !has(program));
}

/** Installs from Debian what is missing. Only for CI and `npm run setup`: nobody else's system is changed. */
function installPrograms(): void {
  const packages = missingPrograms().map(([, name]) => name);
  if (packages.length === 0 || !has('apt-get')) return;
  console.log(`  installing ${packages.join(', ')}`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] };
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const [command = 'apt-get', ...rest] = [...sudo, 'apt-get', ...args];
    spawnSync(command, rest, options);
  }
}

/** One entry for all programs, with how to get them. */
function describePrograms(): string[] {
  const missing = missingPrograms();
  if (missing.length === 0) return [];
  const names = missing.map(([program]) => program).join(', ');
  const packages = missing.map(([, name]) => name).join(' ');
  return [`${names} (Debian: npm run setup, or apt install ${packages})`];
}

function pipInstall(python: string, requirements: string, ...options: readonly string[]): void {
  const { status } = spawnSync(
    python,
    ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...options, '-r', requirements],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`pip could not install ${requirements}`);
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

/** Gets what can be had without the system's package manager, which is used only when asked for. */
export async function prepareForTests({ system }: { system: boolean }): Promise<Prepared> {
  const report = (note: string): void => {
    console.log(`  ${note}`);
  };
  const search = { env: process.env, toolsFolder: '.tools', report };
  if (system) installPrograms();
  const missing = describePrograms();
  let python: string | undefined;
  async function attempt(what: string, get: () => unknown): Promise<void> {
    try {
      await get();
    } catch (error) {
      missing.push(`${what} (${explainError(error)})`);
    }
  }
  await attempt('Envoy', () => ensureEnvoy(search));
  await attempt('ComfyUI', async () => {
    ({ python } = await ensureComfyui(search));
  });
  const found = python;
  if (found !== undefined)
    await attempt("the plugin's test packages", () => {
      ensurePythonPackages(found);
    });
  return { python, missing };
}
