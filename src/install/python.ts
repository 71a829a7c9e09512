import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../errors/start-error.ts';
import { lastLines, runProgram, type Env } from './run-program.ts';

export interface Python {
  readonly command: string;
  /** Such as `3.11`. */
  readonly version: string;
}

const OLDEST_MINOR = 10;
// Systems with an old python3 often have newer ones under versioned names.
const CANDIDATES = [
  'python3',
  'python',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
];
const PRINT_VERSION = 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)';

interface Found {
  readonly version: string;
  readonly path: string;
}

async function look(command: string, env: Env): Promise<Found | undefined> {
  const { code, stdout } = await runProgram(command, ['-c', PRINT_VERSION], { env });
  const [, version, path = command] = /^([0-9]+\.[0-9]+)(?: (.*))?$/.exec(stdout.trim()) ?? [];
  return code === 0 && version !== undefined ? { version, path } : undefined;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= OLDEST_MINOR);
}

/** Lists the Pythons on the PATH that are too old. */
function describe(old: readonly Found[]): string {
  const paths = new Map(old.map(({ version, path }) => [path, version]));
  if (paths.size === 0) return 'none is on the PATH';
  return `found only ${[...paths].map(([path, version]) => `Python ${version} (${path})`).join(', ')}`;
}

/** Why there is no Python, such as `needs Python 3.10 or newer; found only Python 3.9 (/usr/bin/python3)`. */
export class NoPython extends StartError {
  readonly why: string;

  constructor(old: readonly Found[]) {
    const why = `needs Python 3.${OLDEST_MINOR} or newer; ${describe(old)}`;
    super(
      `ComfyUI ${why}. Install it (Debian: apt install python3 python3-venv) or use an existing ComfyUI: ` +
        'COMFYUI_URL=http://host:8188 npm start',
    );
    this.why = why;
  }
}

/** The first Python on the PATH that is new enough for ComfyUI. @throws NoPython if there is none */
export async function findPython(env: Env): Promise<Python> {
  const old: Found[] = [];
  for (const command of CANDIDATES) {
    const found = await look(command, env);
    if (found !== undefined && isNewEnough(found.version)) return { command, version: found.version };
    if (found !== undefined) old.push(found);
  }
  throw new NoPython(old);
}

/** The path of the Python in a virtual environment. */
export function venvPython(folder: string): string {
  return join(folder, 'bin', 'python');
}

/** Creates a virtual environment with pip unless it exists; returns its Python. @throws StartError */
export async function ensureVenv(folder: string, python: Python, env: Env): Promise<string> {
  const inside = venvPython(folder);
  if (existsSync(inside) && (await runProgram(inside, ['-m', 'pip', '--version'], { env })).code === 0) {
    return inside;
  }
  const made = await runProgram(python.command, ['-m', 'venv', '--clear', folder], { env });
  if (made.code === 0) return inside;
  const output = made.stdout + made.stderr;
  const why = /ensurepip/.test(output) ? 'its venv module is missing' : lastLines(output, 1).join('');
  if (/No space left on device/.test(output))
    throw new StartError(`${folder}: the disk is full (ENOSPC). Free some space (df -h), then start again`);
  throw new StartError(
    `Python ${python.version} cannot create a virtual environment (${why}). Debian: apt install python3-venv`,
  );
}
