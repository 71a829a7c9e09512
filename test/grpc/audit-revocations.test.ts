import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stateFiles } from '../../src/config/state-files.ts';
import { runCommand } from '../../src/commands/run-command.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';

let directory: ReturnType<typeof aDirectory>;
let service: Service;
beforeAll(async () => {
  directory = aDirectory();
  const loaded = load(
    directory.write(
      'comfy-tenant.yaml',
      `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2" }] }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
audit: { file: audit.log }
`,
    ),
  );
  expect(stateFiles(loaded.config).revocations).toContain(directory.path);
  service = await startService({ ...loaded, log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

async function run(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const add = (line: string) => lines.push(line) > 0;
  const context = { args, env: {}, cwd: directory.path, stdin: process.stdin, out: add, err: add };
  const [name = '', ...rest] = args;
  expect(await runCommand(name, { ...context, args: rest, signal: new AbortController().signal })).toBe(0);
  return lines;
}

const recorded = (): Record<string, unknown>[] =>
  readFileSync(join(directory.path, 'audit.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'revoked');

test('what a command revokes is in the audit log', async () => {
  await run('revoke', '--user', 'alice');
  await expect.poll(recorded).toEqual([
    expect.objectContaining({
      by: 'file',
      userId: 'alice',
      issuedBefore: expect.stringMatching(/Z$/) as string,
    }),
  ]);
  await run('access-token', 'create', '--user', 'alice', '--name', 'nightly', '--ttl', '1d');
  const [, row = ''] = await run('access-token', 'list');
  await run('access-token', 'revoke', /^\S+/.exec(row)?.[0] ?? '');
  await expect.poll(() => recorded().length).toBe(2);
  expect(recorded()[1]).toMatchObject({
    by: 'file',
    userId: 'alice',
    sessionId: expect.anything() as string,
  });
});
