import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withInstallLock } from '../../src/install/install-lock.ts';
import { ensureVenv, findPython } from '../../src/install/python.ts';
import { runProgram } from '../../src/install/run-program.ts';
import { PASSWORD, signedIn, startConsole } from './start-console.ts';

const VERSION = '4.32.5';
const FOLDER = `.tools/schemathesis-${VERSION}`;

let started: Awaited<ReturnType<typeof startConsole>>;
beforeAll(async () => {
  started = await startConsole();
  await signedIn(started);
});
afterAll(() => started.close());

/** The path of a Python with schemathesis, which is installed if it is missing. */
async function schemathesis(): Promise<string> {
  const { env } = process;
  return withInstallLock(`${FOLDER}.lock`, async () => {
    const python = await ensureVenv(FOLDER, await findPython(env), env);
    const there = await runProgram(python, ['-c', 'import schemathesis'], { env });
    if (there.code !== 0) {
      const made = await runProgram(python, ['-m', 'pip', 'install', '-q', `schemathesis==${VERSION}`], {
        env,
      });
      if (made.code !== 0) throw new Error(`schemathesis cannot be installed: ${made.stderr.slice(-500)}`);
    }
    return python;
  });
}

test('the API answers as its OpenAPI description says, whatever it is sent', async () => {
  const options = [
    ...['--auth', `olga:${PASSWORD}`, '--phases', 'coverage,fuzzing', '--max-examples', '10', '--seed', '1'],
    // Wrong passwords are throttled; api.test.ts tries them. No schema says which text is a valid configuration.
    ...['--exclude-checks', 'ignored_auth,positive_data_acceptance', '--no-color'],
  ];
  const url = `http://127.0.0.1:${started.port}/api/v1/openapi.json`;
  const args = ['-m', 'schemathesis.cli', 'run', url, ...options];
  const { code, stdout, stderr } = await runProgram(resolve(await schemathesis()), args, {
    env: process.env,
    // It keeps a cache there.
    cwd: started.directory,
  });
  expect(stdout + stderr).toMatch(/Operations:\s+18 selected/);
  expect(code, stdout.slice(-3000)).toBe(0);
  expect(started.logged()).not.toContain('the console failed');
}, 600_000);
