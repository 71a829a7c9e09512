import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from '../../src/install/run-program.ts';
import { freePort } from '../../src/stack/ports.ts';
import { scratchFolder } from './start-up.ts';

const SCRIPT = fileURLToPath(new URL('../../src/install/ensure-packages.mjs', import.meta.url));

const TSX = fileURLToPath(new URL('../../node_modules/tsx', import.meta.url));

/** A checkout that asks for one package. */
function checkout(): string {
  const root = scratchFolder();
  mkdirSync(join(root, 'src', 'install'), { recursive: true });
  cpSync(SCRIPT, join(root, 'src', 'install', 'ensure-packages.mjs'));
  const own = { name: 'x', version: '1.0.0', dependencies: { left: '1.0.0' } };
  const packages = {
    '': own,
    'node_modules/left': { version: '1.0.0', resolved: 'https://registry.npmjs.org/left/-/left-1.0.0.tgz' },
  };
  writeFileSync(join(root, 'package.json'), JSON.stringify(own));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ ...own, lockfileVersion: 3, packages }));
  return root;
}

function installed(root: string, version: string): void {
  mkdirSync(join(root, 'node_modules'));
  const packages = { 'node_modules/left': { version } };
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

async function start(root: string, ...before: string[]) {
  const unreachable = `http://127.0.0.1:${await freePort()}`;
  return runProgram(process.execPath, [...before, join(root, 'src', 'install', 'ensure-packages.mjs')], {
    env: {
      ...process.env,
      npm_config_registry: unreachable,
      npm_execpath: undefined,
      npm_config_cache: join(root, 'cache'),
    },
    cwd: root,
  });
}

test('packages that are there as the lock file asks are left alone, without a word', async () => {
  const root = checkout();
  installed(root, '1.0.0');
  expect(await start(root)).toStrictEqual({ code: 0, stdout: '', stderr: '' });
});

test.each(['none', 'another version'])('with %s and no network there is one clear line', async (state) => {
  const root = checkout();
  if (state !== 'none') installed(root, '0.9.0');
  const { code, stdout, stderr } = await start(root);
  expect(stdout).toBe('  ..  packages         installing with npm, once\n');
  expect(stderr).toBe(
    'Cannot reach the npm registry (ECONNREFUSED). The first start downloads about 200 MB; later starts need no network. Behind a proxy, set HTTPS_PROXY\n',
  );
  expect(code).toBe(69);
});

test('a Node that is too old is an error before anything is installed', async () => {
  const older =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.19.0' } })";
  const { code, stdout, stderr } = await start(
    checkout(),
    '--import',
    `data:text/javascript,${encodeURIComponent(older)}`,
  );
  expect({ code, stdout, stderr }).toStrictEqual({
    code: 69,
    stdout: '',
    stderr: 'Node 18.19.0 is too old; comfy-tenant needs 20.19 or newer (nvm install 24)\n',
  });
});

/** An npm that fails in its own words. */
function failingNpm(root: string, words: string): string {
  const npm = join(root, 'npm-cli.js');
  writeFileSync(npm, `console.error(${JSON.stringify(words)}); process.exit(1);`);
  return npm;
}

test.each([
  [
    'a full disk',
    'npm error code ENOSPC',
    /: the disk is full \(ENOSPC, \d+ MB free\)\. The packages take about 400 MB: free some space, then try again$/,
  ],
  ['a file half written', 'SyntaxError: Unexpected end of JSON input', /: the disk is full \(ENOSPC, /],
  [
    'a cache of root',
    'npm error code EACCES\nnpm error path /root/.npm/x',
    /^\/root\/\.npm\/x is not writable by this user: .* \(EACCES\), then try again$/,
  ],
  [
    'a read-only disk',
    'npm error code EROFS\nnpm error path /srv/x',
    /^\/srv\/x is on a read-only file system: /,
  ],
])('npm that meets %s is one line, with the remedy', async (_, words, line) => {
  const root = checkout();
  const script = join(root, 'src', 'install', 'ensure-packages.mjs');
  const env = { ...process.env, npm_execpath: failingNpm(root, words) };
  const { code, stderr } = await runProgram(process.execPath, [script], { env, cwd: root });
  expect(code).toBe(69);
  expect(stderr.trimEnd()).toMatch(line);
});

test('with arguments the command runs in the same process, once the packages are there', async () => {
  const root = checkout();
  installed(root, '1.0.0');
  symlinkSync(TSX, join(root, 'node_modules', 'tsx'));
  writeFileSync(join(root, 'src', 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'src', 'main.ts'), 'console.log(process.argv.slice(2).join() as string);');
  const script = join(root, 'src', 'install', 'ensure-packages.mjs');
  const { stdout } = await runProgram(process.execPath, [script, 'up', '--reset'], {
    env: process.env,
    cwd: root,
  });
  expect(stdout).toBe('up,--reset\n');
});
