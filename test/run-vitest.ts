import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

export interface Count {
  passed: number;
  failed: number;
  /** What failed, with its error, for the end of a long output. */
  failures?: readonly string[];
}

/** Vitest's JSON report, as far as it is used here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: readonly {
    name: string;
    status: string;
    message: string;
    assertionResults: readonly { fullName: string; status: string; failureMessages: readonly string[] }[];
  }[];
}

function failuresIn({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status !== 'passed');
    if (failed.length === 0 && status !== 'passed') return [`${name}\n${message}`];
    return failed.map((test) => [name, test.fullName, test.status, ...test.failureMessages].join('\n'));
  });
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
  const results = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
  // A test that was skipped has not been seen to pass; an error outside of a test is a failure too.
  const failed = numFailedTests + numPendingTests + numTodoTests;
  return {
    passed: numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    failures: failuresIn(results),
  };
}
