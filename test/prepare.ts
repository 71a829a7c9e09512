import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ensureComfyui } from '../src/install/ensure-comfyui.ts';
import { ensureEnvoy } from '../src/install/ensure-envoy.ts';
import { findPython } from '../src/install/python.ts';
import { explainError } from '../src/errors/explain-error.ts';

/** Programs that tests run beside what the project itself installs, and the Debian packages that have them. */
const PROGRAMS = {
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
  git: 'git',
  htpasswd: 'apache2-utils',
  openssl: 'openssl',
  promtool: 'prometheus',
  'python3 with venv': 'python3 python3-venv',
};
const PYTHON = 'python3 with venv';

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

/** Debian has venv, which Envoy and ComfyUI are installed with, in a package of its own. */
async function hasPython(): Promise<boolean> {
  const found = await findPython(process.env).catch(() => undefined);
  return found !== undefined && spawnSync(found.command, ['-c', 'import ensurepip, venv']).status === 0;
}

async function missingPrograms(): Promise<[program: string, debianPackages: string][]> {
  const python = await hasPython();
  return Object.entries(PROGRAMS).filter(([name]) => (name === PYTHON ? !python : !has(name)));
}

/** Installs from Debian what is missing. Only for CI and `npm run setup`: other systems are not changed. */
async function installPrograms(): Promise<void> {
  const packages = (await missingPrograms()).flatMap(([, names]) => names.split(' '));
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
function describePrograms(missing: readonly [program: string, debianPackages: string][]): string[] {
  if (missing.length === 0) return [];
  const names = missing.map(([program]) => program).join(', ');
  const packages = missing.map(([, name]) => name).join(' ');
  const how = has('apt-get')
    ? `npm run setup, or as root: apt install ${packages}`
    : "install with this system's package manager";
  return [`${names} (${how})`];
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
  if (system) await installPrograms();
  const programs = await missingPrograms();
  const missing = describePrograms(programs);
  const noPython = programs.some(([name]) => name === PYTHON);
  let python: string | undefined;
  async function attempt(what: string, get: () => unknown): Promise<void> {
    try {
      await get();
    } catch (error) {
      missing.push(`${what} (${noPython ? 'needs that Python' : explainError(error)})`);
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
