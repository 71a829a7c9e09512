import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { scratchFolder } from './start-up.ts';
import { COMFY_TENANT, configText, fakeEnvoy, withMounts, type Ended } from './system-state.ts';

// What people see of errors of the system, from the real system: small disks, read-only mounts, taken addresses.
const PORTS = 'gateway: { listen: 127.0.0.1:0 }\nadmin: { listen: 127.0.0.1:0 }\n';
const CONFIG = `cat > $D/c.yaml <<'END'\n${configText(PORTS)}END\n`;
const FULL = `mount -t tmpfs -o size=64k tmpfs $D\n${CONFIG}cat /dev/zero > $D/filler 2> /dev/null || true\n`;
const READ_ONLY = `mount -t tmpfs tmpfs $D\n${CONFIG}mount -o remount,ro $D\n`;
const CLOSED = `${CONFIG}chmod 555 $D\nAS="setpriv --bounding-set=-all --inh-caps=-all"\n`;

const STATES = [
  ['a full disk', FULL, 'ENOSPC', 'the disk is full: free some space'],
  ['a read-only file system', READ_ONLY, 'EROFS', 'the file system is read-only: mount it writable'],
  ['a folder of another user', CLOSED, 'EACCES', 'this user may not write here: check the owner and mode'],
] as const;
const COMMANDS = [
  'init',
  'token --init $D/dev.jwk',
  'user add alice --file $D/users --password-stdin --bcrypt',
  'key --config $D/c.yaml',
  'serve --config $D/c.yaml',
  'up --config $D/c.yaml',
  'up --demo $D/demo',
];
const NOT_WRITTEN = COMMANDS.flatMap((command) => STATES.map((state) => [command, ...state] as const));

test.each(NOT_WRITTEN)('`%s` on %s is one line and exit code 74', (command, _, setUp, code, remedy) => {
  const ended = withMounts(
    `${setUp}cd $D; echo sesame-and-tulip | $AS ${COMFY_TENANT} ${command} > /dev/null`,
  );
  expect(ended.err.trimEnd().split('\n')).toHaveLength(1);
  expect(ended.err).toMatch(
    new RegExp(`^comfy-tenant ${command.split(' ', 1)[0]!}: /.*: not written \\(${code}\\).*${remedy}`),
  );
  expect(ended.code).toBe(74);
});

function call(
  args: readonly string[],
  { cwd, limits = '' }: { cwd: string; limits?: string },
): Promise<Ended> {
  const child = spawn('sh', ['-c', `${limits} exec ${COMFY_TENANT} "$@"`, 'sh', ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ENVOY_BIN: fakeEnvoy(cwd) },
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, err });
    });
  });
}

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const NOWHERE = '192.0.2.1:9001'; // RFC 5737: no machine has it.
const NOT_HERE =
  /: 192\.0\.2\.1:9001: is not an address of this machine: use 127\.0\.0\.1, .* \(EADDRNOTAVAIL, listen\)$/;

test.each([
  ['serve', 'service.listen', 'admin: { listen: 127.0.0.1:0 }\nservice: { listen: LISTEN }\n'],
  ['serve', 'admin.listen', 'service: { listen: 127.0.0.1:0 }\nadmin: { listen: LISTEN }\n'],
  ['up', 'gateway.listen', 'admin: { listen: 127.0.0.1:0 }\ngateway: { listen: LISTEN }\n'],
  ['up', 'admin.listen', 'gateway: { listen: 127.0.0.1:0 }\nadmin: { listen: LISTEN }\n'],
  ['up', 'service.listen', `${PORTS}service: { listen: LISTEN }\n`],
])(
  '`%s` whose %s is taken or of another machine is one line and exit code 69',
  async (command, key, more) => {
    const folder = scratchFolder();
    const outcome = async (listen: string): Promise<Ended> => {
      writeFileSync(join(folder, 'c.yaml'), configText(more.replace('LISTEN', listen)));
      const { code, err } = await call([command, '--config', 'c.yaml'], { cwd: folder });
      return { code, err: err.replace(/^warning: .*\n/gm, '').trimEnd() };
    };
    const port = await takenPort();
    const taken = await outcome(`127.0.0.1:${port}`);
    expect(taken.code).toBe(69);
    expect(taken.err).toMatch(
      new RegExp(`^(comfy-tenant serve: )?${key}: 127\\.0\\.0\\.1:${port}:? .*(stop it|end it), or .+$`),
    );
    const foreign = await outcome(NOWHERE);
    expect(foreign.code).toBe(69);
    expect(foreign.err).toContain(key);
    expect(foreign.err).toMatch(NOT_HERE);
  },
);

test.each([
  ['a file is in the path', 'file/sub', /a part of (its|this) path is a file/],
  ['links lead back to themselves', 'loop/sub', /symbolic link.* themselves|ELOOP/],
])('where %s, every command reports it in one line', async (_, path, reason) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('loop', join(folder, 'loop'));
  writeFileSync(join(folder, 'socket.yaml'), configText(`service: { listen: "unix:${path}/a.sock" }\n`));
  writeFileSync(join(folder, 'key.yaml'), configText(`comfyui: { tokenKeyFile: ${path}/token.key }\n`));
  for (const args of [
    ['serve', '--config', 'socket.yaml'],
    ['serve', '--config', 'key.yaml'],
    ['key', '--config', 'key.yaml'],
    ['token', '--init', `${path}/dev.jwk`],
    ['up', '--demo', `${path}/demo`],
  ]) {
    const { code, err } = await call(args, { cwd: folder });
    expect(err.trimEnd().split('\n'), args.join(' ')).toHaveLength(1);
    expect(err, args.join(' ')).toMatch(reason);
    expect(err).not.toMatch(/^ +at /m);
    expect([69, 74], args.join(' ')).toContain(code);
  }
});

test('too few open files is one line with the limit to raise', async () => {
  const { code, err } = await call(['check'], { cwd: scratchFolder(), limits: 'ulimit -n 40;' });
  expect(err).toMatch(/too many open files: raise the limit \(ulimit -n 65536\).*\(EMFILE, /);
  expect(code).toBe(69);
});

test('a reader that leaves early is no error', () => {
  const script = `set -o pipefail; ${COMFY_TENANT} --help | true`;
  const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

const THROWN = [
  [
    'an error of the system',
    "Object.assign(new Error('x'), { code: 'EIO', syscall: 'read', path: '/a' })",
    'comfy-tenant serve: /a: the disk failed to read or write: check the disk (dmesg) (EIO, read)\n',
    74,
  ],
  [
    'a bug',
    "new TypeError('x is undefined')",
    /^comfy-tenant serve: internal error: x is undefined \(at \/.*late\.mjs:1:\d+\); please report this line\n$/,
    70,
  ],
] as const;

test.each(
  THROWN.flatMap(([what, error, line, code]) => [
    [what, 'thrown in a timer', `throw ${error};`, line, code] as const,
    [what, 'of a promise that nothing awaits', `void Promise.reject(${error});`, line, code] as const,
  ]),
)('%s %s is one line without a stack', (_what, _where, code, line, expected) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'c.yaml'), configText(PORTS));
  const late = join(folder, 'late.mjs');
  // Once the command runs.
  writeFileSync(
    late,
    `setInterval(() => { if (process.listenerCount('SIGTERM') > 0) { ${code} } }, 50).unref();`,
  );
  mkdirSync(join(folder, 'run'));
  const ran = spawnSync(
    'sh',
    ['-c', `exec ${COMFY_TENANT.replace(' --import', ` --import ${late} --import`)} serve --config c.yaml`],
    { cwd: folder, encoding: 'utf8' },
  );
  expect(ran.stderr).toMatch(line);
  expect(ran.status).toBe(expected);
});
