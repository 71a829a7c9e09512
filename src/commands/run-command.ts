import { FileWriteError } from '../files/file-error.ts';
import { explainError } from '../errors/explain-error.ts';
import { type Command, type CommandContext, EXIT } from './context.ts';
import { exitCodeOf } from './exit-code.ts';

interface Entry {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<{ run: Command; help: string }>;
}

/** Every command; loaded when it is called, so that each starts quickly. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'the service that Envoy asks',
    load: () => import('./serve.ts').then(({ serve, help }) => ({ run: serve, help })),
  },
  check: {
    summary: 'all that is wrong with a configuration, and what it would serve',
    load: () => import('./check.ts').then(({ check, help }) => ({ run: check, help })),
  },
  envoy: {
    summary: "Envoy's bootstrap for a configuration",
    load: () => import('./envoy.ts').then(({ envoy, help }) => ({ run: envoy, help })),
  },
  up: {
    summary: 'Envoy and the service in front of a ComfyUI; without a configuration, a demo',
    load: () => import('./up.ts').then(({ up, help }) => ({ run: up, help })),
  },
  verify: {
    summary: 'proves isolation on the running gateway',
    load: () => import('./verify.ts').then(({ verify, help }) => ({ run: verify, help })),
  },
  hash: {
    summary: 'a password hash, read without echo',
    load: () => import('./hash.ts').then(({ hash, help }) => ({ run: hash, help })),
  },
  user: {
    summary: 'adds, removes and lists the people of a users file',
    load: () => import('./user.ts').then(({ user, help }) => ({ run: user, help })),
  },
  key: {
    summary: 'the private keys, and what ComfyUI gets of them; replaces a key',
    load: () => import('./key.ts').then(({ key, help }) => ({ run: key, help })),
  },
  token: {
    summary: 'a short-lived JWT of a development key',
    load: () => import('./token.ts').then(({ token, help }) => ({ run: token, help })),
  },
  init: {
    summary: 'a commented configuration to begin with',
    load: () => import('./init.ts').then(({ init, help }) => ({ run: init, help })),
  },
  import: {
    summary: "a configuration from FunArt's access settings",
    load: () => import('./import.ts').then(({ importConfig, help }) => ({ run: importConfig, help })),
  },
};

const WIDTH = 8;

function usage(): string[] {
  const list = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(WIDTH)}${summary}`);
  return [
    'comfy-tenant: multi-tenant mode for ComfyUI',
    '',
    'Usage: comfy-tenant <command> [options]',
    '',
    ...list,
    '',
    'comfy-tenant <command> --help says more. Exit codes are those of sysexits.h.',
  ];
}

function isUsageError(error: unknown): error is Error {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code?.startsWith('ERR_PARSE_ARGS') === true;
}

async function run(name: string, entry: Entry, context: CommandContext): Promise<number> {
  try {
    const command = await entry.load();
    if (context.args.some((arg) => arg === '--help' || arg === '-h')) {
      context.out(command.help);
      return EXIT.ok;
    }
    return await command.run(context);
  } catch (error) {
    if (isUsageError(error)) {
      context.err(`comfy-tenant ${name}: ${error.message}. See comfy-tenant ${name} --help`);
      return EXIT.usage;
    }
    // It names the file, the reason and the remedy already.
    const text = error instanceof FileWriteError ? error.message : explainError(error);
    context.err(`comfy-tenant ${name}: ${text}`);
    return exitCodeOf(error);
  }
}

/** Runs a command by its name; returns the exit code. */
export async function runCommand(name: string, context: CommandContext): Promise<number> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry !== undefined) return run(name, entry, context);
  if (['help', '--help', '-h'].includes(name)) {
    for (const line of usage()) context.out(line);
    return EXIT.ok;
  }
  context.err(`comfy-tenant: there is no command "${name}". See comfy-tenant --help`);
  return EXIT.usage;
}
