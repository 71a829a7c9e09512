import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '../../src/files/make-folder.ts';

/**
 * `npm run test:mutation`: changes one line at a time and expects a test to fail. About two hours on two cores, so not part of CI.
 * Arguments go to Stryker, such as `-- --mutate 'src/auth/**\/*.ts'`; with any, the plugin is left out.
 */
const OUTPUT = '.test-output/mutation';
const HERE = 'test/mutation';
/** Stryker 10 needs it. */
const NODE = 'node@24';
const MUTMUT = 'mutmut==3.8.1';

function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: object } = {},
): boolean {
  const env = { ...process.env, ...options.env };
  return spawnSync(command, args, { stdio: 'inherit', ...options, env }).status === 0;
}

function service(args: readonly string[]): boolean {
  const installed = run('npm', [
    'ci',
    '--prefix',
    HERE,
    '--legacy-peer-deps',
    '--ignore-scripts',
    '--no-audit',
  ]);
  const stryker = join(HERE, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const config = join(HERE, 'stryker.config.json');
  return installed && run('npx', ['--yes', '--package', NODE, 'node', stryker, 'run', config, ...args]);
}

/** In a copy, because mutmut writes next to what it changes. */
function plugin(): boolean {
  const python = resolve('.tools/comfyui-0.3.75/venv/bin/python');
  const copy = resolve(OUTPUT, 'plugin');
  const libraries = resolve(OUTPUT, 'mutmut');
  rmSync(copy, { recursive: true, force: true });
  cpSync('plugin', copy, { recursive: true });
  appendFileSync(join(copy, 'pyproject.toml'), `\n${readFileSync(join(HERE, 'mutmut.toml'), 'utf8')}`);
  const env = { PYTHONPATH: libraries, PYTHONDONTWRITEBYTECODE: '1' };
  return (
    run(python, ['-m', 'pip', 'install', '--quiet', '--target', libraries, MUTMUT]) &&
    run(python, ['-m', 'mutmut', 'run', '--max-children', '1'], { cwd: copy, env }) &&
    run(python, ['-m', 'mutmut', 'results'], { cwd: copy, env })
  );
}

makeFolder(OUTPUT);
const args = process.argv.slice(2);
const results = [service(args), ...(args.length > 0 ? [] : [plugin()])];
process.exitCode = results.every(Boolean) ? 0 : 1;
