import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageVersion } from '../install/package-root.ts';
import {
  customNodesOf,
  FOLDER,
  installCopy,
  planInstall,
  PluginCopyFault,
  removeCopy,
} from '../install/plugin-copy.ts';
import { pythonOf } from '../install/inspect-comfyui.ts';
import { lastLines, runProgram } from '../install/run-program.ts';
import { type Command, type CommandContext, EXIT } from './context.ts';

export const help = `comfy-tenant plugin install --comfyui <folder> [options]
comfy-tenant plugin uninstall --comfyui <folder>

Copies the plugin into a ComfyUI's custom_nodes, with its Python packages, or removes that copy. Users' files stay where they are.

  --comfyui <folder>   the folder of ComfyUI, or the one that it gets as --base-directory
  --python <program>   ComfyUI's Python (default: venv or .venv in that folder)
  --no-requirements    install no Python packages
  --dry-run            only show what would be done`;

const OPTIONS = {
  comfyui: { type: 'string' },
  python: { type: 'string' },
  'no-requirements': { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

interface Run {
  readonly comfyui: string;
  readonly values: Values;
  readonly context: CommandContext;
}

/** Never a Python of the system by surprise: it is not the one that ComfyUI runs with. */
function pythonFor({ comfyui, values, context }: Run): string | undefined {
  if (values.python !== undefined)
    return values.python.includes('/') ? resolve(context.cwd, values.python) : values.python;
  return pythonOf(comfyui);
}

async function installPackages(
  python: string,
  { context, customNodes }: { context: CommandContext; customNodes: string },
) {
  const { env, signal } = context;
  const args = ['-m', 'pip', 'install', '-r', join(customNodes, FOLDER, 'requirements.txt')];
  const { code, stdout, stderr } = await runProgram(python, args, { env, signal });
  return code === 0
    ? undefined
    : `${[python, ...args].join(' ')} failed:\n${lastLines(stderr || stdout, 5).join('\n')}`;
}

async function install(run: Run): Promise<number> {
  const { comfyui, values, context } = run;
  const customNodes = customNodesOf(comfyui);
  const { replaces } = planInstall(customNodes);
  const python = values['no-requirements'] ? undefined : pythonFor(run);
  if (python === undefined && !values['no-requirements'])
    throw new PluginCopyFault(
      `${comfyui} has no venv: name ComfyUI's Python with --python, or use --no-requirements`,
    );
  const what = `comfy-tenant ${packageVersion()}${replaces === undefined ? '' : `, replacing ${replaces},`} in ${join(customNodes, FOLDER)}`;
  if (values['dry-run']) {
    context.out(`would install ${what}`);
    if (python !== undefined) context.out(`would install its Python packages with ${python}`);
    return EXIT.ok;
  }
  installCopy(customNodes);
  context.out(`installed ${what}`);
  const failed = python === undefined ? undefined : await installPackages(python, { context, customNodes });
  if (failed !== undefined) {
    context.err(`comfy-tenant plugin: the plugin is in place, but its Python packages are not: ${failed}`);
    return EXIT.failed;
  }
  context.out(
    'Start ComfyUI with COMFY_TENANT_KEY_FILE set to the file that "comfy-tenant key" prints, and run "comfy-tenant check --live".',
  );
  return EXIT.ok;
}

function uninstall({ comfyui, values, context }: Run): number {
  const customNodes = customNodesOf(comfyui);
  if (values['dry-run']) {
    context.out(`would remove ${join(customNodes, FOLDER)}`);
    return EXIT.ok;
  }
  const version = removeCopy(customNodes);
  if (version === undefined) {
    context.err(`comfy-tenant plugin: ${join(customNodes, FOLDER)} does not exist: nothing to remove`);
    return EXIT.failed;
  }
  context.out(`removed comfy-tenant ${version} from ${customNodes}`);
  context.out(
    'Users\' files remain in the folders "tenants" and "user". Without the plugin, this ComfyUI serves everyone who can reach it as one user.',
  );
  return EXIT.ok;
}

export const plugin: Command = async (context) => {
  const { values, positionals } = parseArgs({
    args: [...context.args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const fail = (text: string, code: number): number => {
    context.err(`comfy-tenant plugin: ${text}`);
    return code;
  };
  const [action, ...others] = positionals;
  if (others.length > 0 || (action !== 'install' && action !== 'uninstall'))
    return fail('expected install or uninstall. See comfy-tenant plugin --help', EXIT.usage);
  if (values.comfyui === undefined)
    return fail('expected --comfyui. See comfy-tenant plugin --help', EXIT.usage);
  const run = { comfyui: resolve(context.cwd, values.comfyui), values, context };
  try {
    return action === 'install' ? await install(run) : uninstall(run);
  } catch (error) {
    if (error instanceof PluginCopyFault) return fail(error.message, EXIT.failed);
    throw error;
  }
};
