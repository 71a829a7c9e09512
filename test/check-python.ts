import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { demoPython } from '../src/install/ensure-comfyui.ts';

/** The part of `npm run check` that checks the plugin: lint, format and types. Without its Python, prints one line and exits 0. */
const python = demoPython('.tools');
const run = (...args: string[]): boolean =>
  spawnSync(python, ['-m', ...args], { stdio: 'inherit' }).status === 0;
const has = (module: string): boolean =>
  spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;

if (!existsSync(python) || !has('ruff') || !has('mypy')) {
  console.error('The plugin was not checked: ruff and mypy are missing. npm run setup installs them.');
} else {
  const results = [
    run('ruff', 'check', '--quiet', 'plugin'),
    run('ruff', 'format', '--quiet', '--check', 'plugin'),
    run('mypy', '--no-error-summary', '--config-file', 'plugin/pyproject.toml', 'plugin/comfyui_tenant'),
  ];
  process.exitCode = results.every(Boolean) ? 0 : 1;
}
