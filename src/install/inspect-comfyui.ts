import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from './package-root.ts';
import { findPython, venvPython } from './python.ts';
import { lastLines, runProgram, type Env } from './run-program.ts';

/** The Python in a ComfyUI's own virtual environment, if it has one there. */
export function pythonOf(comfyui: string): string | undefined {
  return ['venv', '.venv'].map((name) => venvPython(join(comfyui, name))).find((path) => existsSync(path));
}

export interface InspectOptions {
  readonly comfyui: string;
  /** ComfyUI's; by default the one in its folder, or the first on the PATH that is new enough. */
  readonly python?: string | undefined;
  readonly json: boolean;
  readonly env: Env;
  readonly signal: AbortSignal;
}

export interface Inspection {
  /** 0 if the plugin fits, 78 if not, 64 if the folder is not a ComfyUI. */
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

/** Whether the plugin fits a ComfyUI that is not running: the plugin itself reads its source. @throws NoPython */
export async function inspectComfyui({
  comfyui,
  json,
  env,
  signal,
  ...options
}: InspectOptions): Promise<Inspection> {
  const python = options.python ?? pythonOf(comfyui) ?? (await findPython(env)).command;
  const args = ['-m', 'comfyui_tenant', 'inspect', comfyui, ...(json ? ['--json'] : [])];
  // With -m, Python imports from the working directory first: in the inspected folder, that would run its files.
  const cwd = join(PACKAGE_ROOT, 'plugin');
  const paths = { PYTHONPATH: cwd, PYTHONDONTWRITEBYTECODE: '1' };
  const { code, stdout, stderr } = await runProgram(python, args, { env: { ...env, ...paths }, cwd, signal });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const missing = /No module named '([\w.]+)'/.exec(stderr)?.[1];
  if (missing !== undefined)
    return {
      code: 69,
      lines,
      errors: [`${python} has no package ${missing}: name ComfyUI's Python with --python`],
    };
  return { code, lines, errors: lastLines(stderr, 3) };
}
