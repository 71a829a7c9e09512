import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseHtpasswd, userNameFault } from '../basic/htpasswd.ts';
import { makeHash, passwordFault, type PasswordRules } from '../basic/make-hash.ts';
import { changeUsersFile, hasUser, withoutUser, withUser } from '../basic/edit-users-file.ts';
import { readTextFile } from '../config-file/read-text-file.ts';
import { FileReadError } from '../files/file-error.ts';
import { findUserLists, type UserList } from '../config/find-users-files.ts';
import { type Command, type CommandContext, EXIT } from './context.ts';
import { readPassword } from './read-password.ts';

export const help = `comfy-tenant user add|remove <name>   [options]
comfy-tenant user list                [options]

Edits the users file of the configuration; comments and order are kept. Prompts for the password twice without echo.
A running service applies the change within a second.

  --config, -c <file>   the configuration (default: comfy-tenant.yaml)
  --endpoint <name>     the BASIC endpoint, if there are several
  --file <file>         the users file, instead of the configured one
  --password-stdin      read the password from the first line of standard input
  --replace             add: replace the password of an existing user
  --bcrypt              add: use bcrypt instead of argon2id`;

const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
  endpoint: { type: 'string' },
  file: { type: 'string' },
  'password-stdin': { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  bcrypt: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** A users file, and the endpoint settings that apply to it. */
interface Target {
  readonly file: string;
  readonly list: UserList | undefined;
}

const MAX_MEBIBYTES = 64;

/** The users file to edit, or why there is none. */
function findTarget(values: Values, { cwd, env }: CommandContext): Target | string {
  const lists = findUserLists(resolve(cwd, values.config), env);
  if (values.file !== undefined) {
    const file = resolve(cwd, values.file);
    return { file, list: lists.find(({ auth }) => auth.usersFile === file) };
  }
  const named = lists.filter(
    ({ auth, endpoint }) => auth.usersFile !== undefined && endpoint === (values.endpoint ?? endpoint),
  );
  const files = new Set(named.map(({ auth }) => auth.usersFile));
  const [list] = named;
  if (list?.auth.usersFile === undefined)
    return `${values.config} has no users file${values.endpoint === undefined ? '' : ` for endpoint ${values.endpoint}`}: set usersFile under auth, or use --file`;
  if (files.size > 1)
    return `${values.config} names ${files.size} users files: choose one with --endpoint ${named.map(({ endpoint }) => endpoint).join('|')}`;
  return { file: list.auth.usersFile, list };
}

/** The text of a users file; empty if it does not exist yet. @throws FileReadError */
function textOf(file: string): string {
  const read = readTextFile(file, MAX_MEBIBYTES);
  if (read.ok) return read.text;
  if (read.reason === 'missing') return '';
  throw new FileReadError(`${file} ${read.fault}`);
}

function alreadyExists(username: string): string {
  return `${username} already exists: use --replace to set a new password`;
}

/** Why a name cannot be added, or undefined. */
function addFault(username: string, replace: boolean, { file, list }: Target): string | undefined {
  if (username.startsWith('#'))
    return 'a user name in a users file must not start with #, which marks a comment';
  const fault = userNameFault(username);
  if (fault !== undefined) return fault;
  if (list?.auth.users.some((user) => user.username === username) === true)
    return `${username} is defined under users in the configuration: change it there`;
  if (!replace && hasUser(textOf(file), username)) return alreadyExists(username);
  return undefined;
}

async function add(
  username: string,
  values: Values,
  context: CommandContext & { target: Target },
): Promise<string | undefined> {
  const { target } = context;
  const fault = addFault(username, values.replace, target);
  if (fault !== undefined) return fault;
  if (!context.stdin.isTTY && !values['password-stdin'])
    return 'no terminal to prompt for the password: pipe it in and use --password-stdin';
  const rules: PasswordRules = {
    kind: values.bcrypt ? 'bcrypt' : 'argon2id',
    policy: target.list?.auth.policy,
  };
  const password = await readPassword(context);
  if (password === undefined) return 'no password was entered; nothing changed';
  const weakness = passwordFault(password, rules);
  if (weakness !== undefined) return weakness;
  const hash = await makeHash(password, rules.kind);
  const added = await changeUsersFile(target.file, (text) =>
    !values.replace && hasUser(text, username) ? undefined : withUser(text, username, hash),
  );
  if (!added) return alreadyExists(username);
  context.out(`${username} can now sign in with this password (${relative(context.cwd, target.file)}).`);
  return undefined;
}

async function remove(
  username: string,
  { target, out, cwd }: CommandContext & { target: Target },
): Promise<string | undefined> {
  if (!hasUser(textOf(target.file), username)) return `${target.file} has no user ${username}`;
  const removed = await changeUsersFile(target.file, (text) =>
    hasUser(text, username) ? withoutUser(text, username) : undefined,
  );
  if (!removed) return `${target.file} has no user ${username}`;
  out(`${username} can no longer sign in (${relative(cwd, target.file)}); their files stay in ComfyUI.`);
  return undefined;
}

function list({ target, out }: CommandContext & { target: Target }): string | undefined {
  const read = readTextFile(target.file, MAX_MEBIBYTES);
  if (!read.ok) throw new FileReadError(`${target.file} ${read.fault}`);
  for (const { username } of target.list?.auth.users ?? []) out(username);
  for (const { username } of parseHtpasswd(read.text).users) out(username);
  return undefined;
}

export const user: Command = async (context) => {
  const { values, positionals } = parseArgs({
    args: [...context.args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const [action, username, ...others] = positionals;
  const named = action === 'add' || action === 'remove';
  if (others.length > 0 || (named ? username === undefined : action !== 'list' || username !== undefined)) {
    context.err(
      'comfy-tenant user: expected add <name>, remove <name> or list. See comfy-tenant user --help',
    );
    return EXIT.usage;
  }
  const target = findTarget(values, context);
  if (typeof target === 'string') {
    context.err(`comfy-tenant user: ${target}`);
    return EXIT.config;
  }
  const its = { ...context, target };
  const run = {
    add: () => add(username ?? '', values, its),
    remove: () => remove(username ?? '', its),
    list: () => list(its),
  };
  const fault = await run[action as keyof typeof run]();
  if (fault === undefined) return EXIT.ok;
  context.err(`comfy-tenant user: ${fault}`);
  return EXIT.failed;
};
