import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../src/commands/context.ts';
import { explainError } from '../src/errors/explain-error.ts';
import { makeFolder } from '../src/files/make-folder.ts';
import { prepareForTests } from './prepare.ts';
import { runVitest, type Count } from './run-vitest.ts';

/**
 * `npm test`: gets what the tests need (system packages only with `CI=true`), says what is missing, runs the checks and every test of the service and of the plugin, and closes
 * with one line that counts them all.
 */
const OUTPUT = '.test-output';

function pytest(python: string | undefined): Count {
  // What cannot run has not been seen to pass.
  if (python === undefined) return { passed: 0, failed: 1 };
  const report = join(OUTPUT, 'pytest.xml');
  const run = (...args: string[]) => spawnSync(python, ['-m', ...args], { stdio: 'inherit' }).status === 0;
  const green = run('pytest', 'plugin/tests', '-q', '--color=no', `--junitxml=${report}`);
  const suite = existsSync(report) ? /<testsuite [^>]*>/.exec(readFileSync(report, 'utf8'))?.[0] : undefined;
  const count = (name: string): number =>
    Number(new RegExp(` ${name}="([0-9]+)"`).exec(suite ?? '')?.[1] ?? 0);
  const notPassed = count('failures') + count('errors') + count('skipped');
  const failed = Math.max(notPassed, green ? 0 : 1);
  return { passed: count('tests') - notPassed, failed };
}

try {
  makeFolder(OUTPUT);
} catch (error) {
  console.error(`npm test: ${explainError(error)}`);
  process.exit(EXIT.cannotWrite);
}
const { python, missing } = await prepareForTests({ system: process.env.CI === 'true' });
if (missing.length > 0) console.error(`Missing, so tests that need it will fail: ${missing.join('; ')}`);
function check(): Count {
  const clean = spawnSync('npm', ['run', '--silent', 'check'], { stdio: 'inherit' }).status === 0;
  return { passed: 0, failed: clean ? 0 : 1 };
}

const counts = [
  check(),
  runVitest(process.argv.slice(2), { report: join(OUTPUT, 'vitest.json') }),
  pytest(python),
];
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
// Again at the end, where a log that was cut still has it.
for (const failure of counts.flatMap((count) => count.failures ?? []))
  console.error(`\nFailed: ${failure.slice(0, 3_000)}`);
if (missing.length > 0) console.error(`\nMissing: ${missing.join('; ')}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
