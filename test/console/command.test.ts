import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../../src/commands/run-command.ts';
import { consoleInvitation } from '../../src/commands/console-invitation.ts';
import { load } from '../support/temp-dir.ts';
import { signedIn, startConsole, visitor } from './start-console.ts';

const started = await startConsole();
afterAll(() => started.close());

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommand('console', {
    args: [...args, '--config', started.file],
    env: {},
    cwd: started.directory,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    stdin: process.stdin,
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test('console link prints a link that the running service accepts', async () => {
  const { code, out } = await run('link', '--role', 'viewer');
  expect(code).toBe(0);
  const path = out.replace(/^http:\/\/127\.0\.0\.1:\d+/, '');
  expect((await visitor(started.port).get(path)).status).toBe(200);
});

test.each([
  [['link', '--role', 'root'], 64, '--role administrator or viewer'],
  [[], 64, 'expected link'],
  [['link', '--account', 'missing'], 1, 'there is no account missing'],
])('console %j is refused', async (args, code, message) => {
  const result = await run(...args);
  expect(result.code).toBe(code);
  expect(result.err).toContain(message);
});

test('a start prints a link to a terminal only, and none once there is an administrator', async () => {
  const { config } = load(started.file);
  expect(await consoleInvitation(config, false)).not.toContain('link=');
  expect(await consoleInvitation(config, true)).toContain('/console/setup?link=');
  await signedIn(started);
  expect(await consoleInvitation(config, true)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/console\/$/);
});
