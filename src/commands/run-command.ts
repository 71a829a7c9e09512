import { type Command, type CommandContext, EXIT } from './context.ts';
import { isUsageError, reportError } from './exit-code.ts';

interface Entry {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<{ run: Command; help: string }>;
}

/** All commands, each loaded when called for a fast start. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'runs the authorization service for Envoy',
    load: () => import('./serve.ts').then(({ serve, help }) => ({ run: serve, help })),
  },
  check: {
    summary: 'validates a configuration and shows what it would serve',
    load: () => import('./check.ts').then(({ check, help }) => ({ run: check, help })),
  },
  explain: {
    summary: 'shows which access rule decides about a request',
    load: () => import('./explain.ts').then(({ explain, help }) => ({ run: explain, help })),
  },
  envoy: {
    summary: "renders Envoy's bootstrap from a configuration",
    load: () => import('./envoy.ts').then(({ envoy, help }) => ({ run: envoy, help })),
  },
  deploy: {
    summary: 'validates a configuration, and waits until it is live',
    load: () => import('./deploy.ts').then(({ deploy, help }) => ({ run: deploy, help })),
  },
  up: {
    summary: 'runs Envoy and the service in front of ComfyUI; without a configuration, a demo',
    load: () => import('./up.ts').then(({ up, help }) => ({ run: up, help })),
  },
  verify: {
    summary: 'tests isolation through the running gateway',
    load: () => import('./verify.ts').then(({ verify, help }) => ({ run: verify, help })),
  },
  console: {
    summary: 'prints a one-time link to the console',
    load: () => import('./console.ts').then(({ console, help }) => ({ run: console, help })),
  },
  hash: {
    summary: 'hashes a password',
    load: () => import('./hash.ts').then(({ hash, help }) => ({ run: hash, help })),
  },
  user: {
    summary: 'adds, removes and lists users in a users file',
    load: () => import('./user.ts').then(({ user, help }) => ({ run: user, help })),
  },
  sessions: {
    summary: 'lists who is signed in',
    load: () => import('./sessions.ts').then(({ sessions, help }) => ({ run: sessions, help })),
  },
  revoke: {
    summary: 'ends sessions, tokens and access tokens, and closes their WebSockets',
    load: () => import('./revoke.ts').then(({ revoke, help }) => ({ run: revoke, help })),
  },
  'access-token': {
    summary: 'creates, lists and revokes access tokens for programs',
    load: () => import('./access-token.ts').then(({ accessToken, help }) => ({ run: accessToken, help })),
  },
  key: {
    summary: 'creates, shows and rotates keys',
    load: () => import('./key.ts').then(({ key, help }) => ({ run: key, help })),
  },
  token: {
    summary: 'issues a short-lived JWT signed with a development key',
    load: () => import('./token.ts').then(({ token, help }) => ({ run: token, help })),
  },
  plugin: {
    summary: 'installs the plugin in a ComfyUI, or removes it',
    load: () => import('./plugin.ts').then(({ plugin, help }) => ({ run: plugin, help })),
  },
  usage: {
    summary: "lists each user's prompts, GPU seconds and storage",
    load: () => import('./usage.ts').then(({ usage, help }) => ({ run: usage, help })),
  },
  init: {
    summary: 'writes a commented starter configuration',
    load: () => import('./init.ts').then(({ init, help }) => ({ run: init, help })),
  },
  import: {
    summary: "converts FunArt's access settings to a configuration",
    load: () => import('./import.ts').then(({ importConfig, help }) => ({ run: importConfig, help })),
  },
};

const WIDTH = 14;

function usage(): string[] {
  const list = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(WIDTH)}${summary}`);
  return [
    'comfy-tenant: multi-tenant mode for ComfyUI',
    '',
    'Usage: comfy-tenant <command> [options]',
    '',
    ...list,
    '',
    'Run comfy-tenant <command> --help for details. Exit codes follow sysexits.h.',
  ];
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
    return reportError(name, error, context.err);
  }
}

/** Runs a command by name and returns its exit code; prints errors, and never throws. */
export async function runCommand(name: string, context: CommandContext): Promise<number> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry !== undefined) return run(name, entry, context);
  if (['help', '--help', '-h'].includes(name)) {
    for (const line of usage()) context.out(line);
    return EXIT.ok;
  }
  context.err(`comfy-tenant: unknown command "${name}". See comfy-tenant --help`);
  return EXIT.usage;
}
