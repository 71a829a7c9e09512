import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CannotStart } from './cannot-start.ts';
import { lastLines, runProgram, type Env } from './run-program.ts';

export interface Python {
  readonly command: string;
  /** Such as `3.11`. */
  readonly version: string;
}

const CANDIDATES = ['python3', 'python'];
const OLDEST_MINOR = 10;
const PRINT_VERSION = 'import sys; print("%d.%d" % sys.version_info[:2])';

async function versionOf(command: string, env: Env): Promise<string | undefined> {
  const { code, stdout } = await runProgram(command, ['-c', PRINT_VERSION], { env });
  return code === 0 ? stdout.trim() : undefined;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= OLDEST_MINOR);
}

/** The first Python of the PATH that is new enough for ComfyUI. @throws CannotStart when there is none */
export async function findPython(env: Env): Promise<Python> {
  const tried: string[] = [];
  for (const command of CANDIDATES) {
    const version = await versionOf(command, env);
    if (version !== undefined && isNewEnough(version)) return { command, version };
    tried.push(version === undefined ? command : `${command}: ${version}`);
  }
  throw new CannotStart(
    `ComfyUI needs Python 3.${OLDEST_MINOR} or newer; none found (tried ${tried.join(', ')}). ` +
      'Install it (Debian: apt install python3 python3-venv) or use a ComfyUI you have: COMFYUI_URL=http://host:8188 npm start',
  );
}

/** The Python in a virtual environment. */
export function venvPython(folder: string): string {
  return join(folder, 'bin', 'python');
}

/** Makes a virtual environment with pip, unless it is there. @throws CannotStart */
export async function ensureVenv(folder: string, python: Python, env: Env): Promise<string> {
  const inside = venvPython(folder);
  if (existsSync(inside) && (await runProgram(inside, ['-m', 'pip', '--version'], { env })).code === 0) {
    return inside;
  }
  const made = await runProgram(python.command, ['-m', 'venv', '--clear', folder], { env });
  if (made.code === 0) return inside;
  const why = lastLines(made.stdout + made.stderr, 1).join('');
  throw new CannotStart(
    `Python ${python.version} cannot make a virtual environment (${why}). Debian: apt install python3-venv`,
  );
}
