import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  BASIC,
  BCRYPT,
  configDirectory,
  spoil,
  type ConfigDirectory,
} from '../../test/config/config-file.ts';
import { run, type Ran } from '../../test/config/run-command.ts';
import { parseHtpasswd } from '../basic/htpasswd.ts';
import { verifyPassword } from '../basic/verify-password.ts';
import type { CommandContext } from './context.ts';
import { runCommand } from './run-command.ts';
import { user } from './user.ts';

const FILE = spoil(BASIC, BASIC.slice(BASIC.indexOf('users:')), 'usersFile: users.htpasswd\n');

let directory: ConfigDirectory;
beforeEach(() => {
  directory = configDirectory();
  directory.write('comfy-tenant.yaml', FILE);
});
afterEach(() => {
  directory.remove();
});

const password = (stdin: string) => ({ stdin });
const call = (args: string[], given: { stdin?: string; typed?: string[] } = {}): Promise<Ran> =>
  run(user, { cwd: directory.path, args, ...given });
const text = (): string => readFileSync(join(directory.path, 'users.htpasswd'), 'utf8');
const mode = (): number => statSync(join(directory.path, 'users.htpasswd')).mode & 0o777;

test('the first user creates the file with mode 0600', async () => {
  const { code, out, err } = await call(['add', 'alice', '--password-stdin'], password('sesame\n'));
  expect({ code, out, err }).toEqual({
    code: 0,
    out: ['alice can now sign in with this password (users.htpasswd).'],
    err: [],
  });
  expect(mode()).toBe(0o600);
  const [alice] = parseHtpasswd(text()).users;
  expect(alice?.username).toBe('alice');
  expect(await verifyPassword('sesame', alice!.hash)).toBe(true);
});

test('a user is added at a terminal', async () => {
  expect((await call(['add', 'alice'], { typed: ['sesame\r', 'sesame\r'] })).code).toBe(0);
  expect(parseHtpasswd(text()).users.map(({ username }) => username)).toEqual(['alice']);
});

test('comments, order, line endings and mode are kept when a user is added, changed and removed', async () => {
  const before = `# staff\r\nbob:${BCRYPT}\r\n\r\n# guests\r\ncarol:${BCRYPT}`;
  directory.write('users.htpasswd', before);
  chmodSync(join(directory.path, 'users.htpasswd'), 0o640);
  await call(['add', 'alice', '--password-stdin'], password('sesame'));
  const hash = parseHtpasswd(text()).users[2]?.hash;
  expect(text()).toBe(`${before}\r\nalice:${hash ?? ''}\r\n`);
  await call(['add', 'bob', '--replace', '--password-stdin'], password('other'));
  expect(text().startsWith('# staff\r\nbob:$argon2id$')).toBe(true);
  await call(['remove', 'carol']);
  expect(text()).toMatch(/^# staff\r\nbob:\S+\r\n\r\n# guests\r\nalice:\S+\r\n$/);
  expect(mode()).toBe(0o640);
});

test('a symbolic link is kept', async () => {
  directory.write('real.htpasswd', '');
  symlinkSync('real.htpasswd', join(directory.path, 'users.htpasswd'));
  await call(['add', 'alice', '--password-stdin'], password('sesame'));
  expect(readFileSync(join(directory.path, 'real.htpasswd'), 'utf8')).toMatch(/^alice:/);
});

test('list prints the names, first those in the configuration', async () => {
  directory.write('comfy-tenant.yaml', spoil(BASIC, 'users:', 'usersFile: users.htpasswd\n      users:'));
  directory.write('users.htpasswd', `# staff\nbob:${BCRYPT}\n`);
  expect(await call(['list'])).toEqual({ code: 0, out: ['alice', 'bob'], err: [] });
});

test('remove says that the files of the user remain', async () => {
  directory.write('users.htpasswd', `bob:${BCRYPT}\n`);
  expect(await call(['remove', 'bob'])).toEqual({
    code: 0,
    out: ['bob can no longer sign in (users.htpasswd); their files stay in ComfyUI.'],
    err: [],
  });
  expect(text()).toBe('');
});

const REFUSED: readonly (readonly [string, string[], string])[] = [
  [
    'a colon in the name',
    ['add', 'a:b'],
    'a user name must not contain a colon: RFC 7617 ends it at the first one',
  ],
  ['an empty name', ['add', ''], 'the user name is empty'],
  [
    'a line break in the name',
    ['add', 'a\nroot'],
    'a user name must not contain control characters (RFC 7617)',
  ],
  [
    'a name that reads as a comment',
    ['add', '#a'],
    'a user name in a users file must not start with #, which marks a comment',
  ],
  ['a user who is there', ['add', 'bob'], 'bob already exists: use --replace to set a new password'],
  ['an empty password', ['add', 'alice', '--password-stdin'], 'the password is empty'],
  [
    'a pipe without --password-stdin',
    ['add', 'alice'],
    'no terminal to prompt for the password: pipe it in and use --password-stdin',
  ],
];

test.each(REFUSED)('%s is refused and changes nothing', async (_, args, fault) => {
  directory.write('users.htpasswd', `bob:${BCRYPT}\n`);
  expect(await call(args)).toEqual({ code: 1, out: [], err: [`comfy-tenant user: ${fault}`] });
  expect(text()).toBe(`bob:${BCRYPT}\n`);
  expect(existsSync(join(directory.path, 'users.htpasswd.new'))).toBe(false);
});

test('removing an unknown user fails and changes nothing', async () => {
  const file = directory.write('users.htpasswd', `bob:${BCRYPT}\n`);
  expect((await call(['remove', 'alice'])).err).toEqual([`comfy-tenant user: ${file} has no user alice`]);
  expect(text()).toBe(`bob:${BCRYPT}\n`);
  expect(existsSync(`${file}.new`)).toBe(false);
});

test('policy funart is applied to the password', async () => {
  directory.write('comfy-tenant.yaml', spoil(FILE, 'method: BASIC', 'method: BASIC\n      policy: funart'));
  expect((await call(['add', 'user-h30ua81', '--password-stdin'], password('sesame'))).err).toEqual([
    'comfy-tenant user: policy funart requires 12 to 128 characters with an upper-case and a lower-case letter, a digit and one of !@#$%^&*()',
  ]);
});

test('a configuration without a users file is an error', async () => {
  directory.write('comfy-tenant.yaml', BASIC);
  expect(await call(['list'])).toEqual({
    code: 78,
    out: [],
    err: ['comfy-tenant user: comfy-tenant.yaml has no users file: set usersFile under auth, or use --file'],
  });
});

test.each([[[]], [['add']], [['list', 'alice']], [['add', 'a', 'b']], [['rename', 'a']]])(
  'user %j is a mistake of usage',
  async (args) => {
    expect(await call(args)).toEqual({
      code: 64,
      out: [],
      err: ['comfy-tenant user: expected add <name>, remove <name> or list. See comfy-tenant user --help'],
    });
  },
);

test.each([['add', 'alice', '--password-stdin'], ['remove', 'alice'], ['list']])(
  'user %s of a users file that cannot be read is one line with exit code 66',
  async (...args) => {
    mkdirSync(join(directory.path, 'users.htpasswd'));
    const user = (context: CommandContext): Promise<number> => runCommand('user', context);
    const { code, out, err } = await run(user, { cwd: directory.path, args, stdin: 'sesame' });
    expect({ code, out, err }).toEqual({
      code: 66,
      out: [],
      err: [`comfy-tenant user: ${directory.path}/users.htpasswd is a directory, not a file`],
    });
  },
);
