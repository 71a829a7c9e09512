import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseHtpasswd, userNameFault } from '../basic/htpasswd.ts';
import { makeHash, passwordFault, type PasswordRules } from '../basic/make-hash.ts';
import { changeUsersFile, hasUser, withoutUser, withUser } from '../basic/edit-users-file.ts';
import { readTextFile } from '../config-file/read-text-file.ts';
import { findUserLists, type UserList } from '../config/find-users-files.ts';
import { type Command, type CommandContext, EXIT } from './context.ts';
import { readPassword } from './read-password.ts';

export const help = `comfy-tenant user add|remove <name>   [options]
comfy-tenant user list                [options]

Edits the users file of the configuration; comments and order stay. The password is typed twice and not shown.
A running service takes the change within a second.

  --config, -c <file>   the configuration that names the users file (comfy-tenant.yaml)
  --endpoint <name>     which BASIC endpoint, when there are several
  --file <file>         this users file, whatever the configuration says
  --password-stdin      take the password from the first line of standard input
  --replace             add: give a user who is there a new password
  --bcrypt              add: bcrypt instead of argon2id`;

const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
  endpoint: { type: 'string' },
  file: { type: 'string' },
  'password-stdin': { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  bcrypt: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** A users file, and what the configuration says about who is in it. */
interface Target {
  readonly file: string;
  readonly list: UserList | undefined;
}

const MAX_MEBIBYTES = 64;

/** The users file that is meant, or why none is. */
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
    return `${values.config} names no users file${values.endpoint === undefined ? '' : ` for endpoint ${values.endpoint}`}: give auth a usersFile, or name a file with --file`;
  if (files.size > 1)
    return `${values.config} names ${files.size} users files: say which with --endpoint ${named.map(({ endpoint }) => endpoint).join('|')}`;
  return { file: list.auth.usersFile, list };
}

function alreadyThere(username: string): string {
  return `${username} is there already: --replace gives a new password`;
}

/** Why a name cannot be added, or undefined. */
function addFault(username: string, replace: boolean, { file, list }: Target): string | undefined {
  if (username.startsWith('#')) return 'a user name in a users file must not begin with #: that is a comment';
  const fault = userNameFault(username);
  if (fault !== undefined) return fault;
  if (list?.auth.users.some((user) => user.username === username) === true)
    return `${username} is in users of the configuration: change it there`;
  const read = readTextFile(file, MAX_MEBIBYTES);
  if (!read.ok && read.fault !== 'does not exist') return `${file} ${read.fault}`;
  if (read.ok && !replace && hasUser(read.text, username)) return alreadyThere(username);
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
    return 'there is no terminal to type the password in: pipe it in and say --password-stdin';
  const rules: PasswordRules = {
    kind: values.bcrypt ? 'bcrypt' : 'argon2id',
    policy: target.list?.auth.policy,
  };
  const password = await readPassword(context);
  if (password === undefined) return 'no password was given, nothing was done';
  const weakness = passwordFault(password, rules);
  if (weakness !== undefined) return weakness;
  const hash = await makeHash(password, rules.kind);
  const added = await changeUsersFile(target.file, (text) =>
    !values.replace && hasUser(text, username) ? undefined : withUser(text, username, hash),
  );
  if (!added) return alreadyThere(username);
  context.out(`${username} can sign in with the new password (${relative(context.cwd, target.file)}).`);
  return undefined;
}

async function remove(
  username: string,
  { target, out, cwd }: CommandContext & { target: Target },
): Promise<string | undefined> {
  const removed = await changeUsersFile(target.file, (text) =>
    hasUser(text, username) ? withoutUser(text, username) : undefined,
  );
  if (!removed) return `${target.file} has no user ${username}`;
  out(`${username} can no longer sign in (${relative(cwd, target.file)}); their files stay in ComfyUI.`);
  return undefined;
}

function list({ target, out }: CommandContext & { target: Target }): string | undefined {
  const read = readTextFile(target.file, MAX_MEBIBYTES);
  if (!read.ok) return `${target.file} ${read.fault}`;
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
    context.err('comfy-tenant user: say add <name>, remove <name> or list. See comfy-tenant user --help');
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
