import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

export interface Count {
  passed: number;
  failed: number;
}

/** Runs vitest, and counts by its report. */
export function runVitest(
  args: readonly string[],
  { report, env }: { report: string; env?: NodeJS.ProcessEnv },
): Count {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  rmSync(report, { force: true });
  const { status } = spawnSync('npx', ['vitest', 'run', ...reporters, ...args], {
    stdio: 'inherit',
    ...(env && { env }),
  });
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  ) as Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests', number>;
  // A test that was skipped has not been seen to pass; an error outside of a test is a failure too.
  const failed = numFailedTests + numPendingTests + numTodoTests;
  return { passed: numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
}
