import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { configDirectory } from '../../test/config/config-file.ts';
import { run } from '../../test/config/run-command.ts';
import { check } from './check.ts';
import { init } from './init.ts';
import { user } from './user.ts';

test('init, user add and check lead to a configuration that is good', async () => {
  const directory = configDirectory();
  onTestFinished(() => {
    directory.remove();
  });
  const cwd = directory.path;
  expect(await run(init, { cwd })).toEqual({
    code: 0,
    out: ['Wrote comfy-tenant.yaml. Next: comfy-tenant user add alice, then comfy-tenant check.'],
    err: [],
  });
  await run(user, { cwd, args: ['add', 'alice', '--password-stdin'], stdin: 'sesame' });
  const { code, out, err } = await run(check, { cwd });
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out).toContain('  1 user');
});

test('a file that is there stays as it is', async () => {
  const directory = configDirectory();
  onTestFinished(() => {
    directory.remove();
  });
  directory.write('comfy-tenant.yaml', 'mine');
  expect(await run(init, { cwd: directory.path })).toEqual({
    code: 1,
    out: [],
    err: ['comfy-tenant init: comfy-tenant.yaml already exists; choose another file with --config'],
  });
  expect(readFileSync(join(directory.path, 'comfy-tenant.yaml'), 'utf8')).toBe('mine');
});
