import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/stack/ports.ts';
import { aDirectory } from '../support/temp-dir.ts';

const HASH = '$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2';
let directory: ReturnType<typeof aDirectory>;
let adminPort: number;

function text(names: readonly string[]): string {
  const users = names.map((name) => `{ username: ${name}, password: "${HASH}" }`).join(', ');
  return `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${users}] }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:${String(adminPort)}" }
`;
}

async function readiness(): Promise<{ revision: string; problems: string[] }> {
  const response = await fetch(`http://127.0.0.1:${String(adminPort)}/readyz`);
  return (await response.json()) as { revision: string; problems: string[] };
}

/** Problems of the configuration; no ComfyUI runs here, which is a problem of its own. */
async function configProblems(): Promise<string[]> {
  return (await readiness()).problems.filter((problem) => !problem.includes('ComfyUI'));
}

interface Serving {
  readonly child: ChildProcess;
  output: string;
  /** The exit code, once all output is here. */
  readonly exit: Promise<number | null>;
}

const started: Serving[] = [];

function start(): Serving {
  const args = ['--import', 'tsx', 'src/main.ts', 'serve', '--config', join(directory.path, 'c.yaml')];
  const child = spawn('node', args);
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const serving: Serving = { child, output: '', exit };
  const read = (chunk: Buffer): void => {
    serving.output += chunk.toString();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  started.push(serving);
  return serving;
}

beforeEach(async () => {
  directory = aDirectory();
  adminPort = await freePort();
});
afterEach(async () => {
  for (const { child, exit } of started.splice(0)) {
    child.kill('SIGKILL');
    await exit;
  }
  directory.remove();
});

test('a change is applied, an invalid one changes nothing, and SIGTERM stops the service cleanly', async () => {
  const file = directory.write('c.yaml', text(['alice']));
  const serving = start();
  await expect.poll(configProblems).toEqual([]);
  const { revision } = await readiness();

  writeFileSync(file, text(['alice', 'bob']));
  await expect.poll(async () => (await readiness()).revision).not.toBe(revision);
  const taken = await readiness();

  writeFileSync(file, text(['alice', 'alice']));
  await expect.poll(configProblems).not.toEqual([]);
  const refused = await readiness();
  expect(refused.revision).toBe(taken.revision);
  expect((await configProblems())[0]).toContain('alice');

  writeFileSync(file, text(['alice', 'bob']));
  await expect.poll(configProblems).toEqual([]);

  serving.child.kill('SIGHUP');
  await expect.poll(() => serving.output).toContain('SIGHUP');
  expect(await configProblems()).toEqual([]);

  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
  expect(serving.output).not.toContain(HASH);
});

test('all problems of an invalid configuration are printed, with exit code 78', async () => {
  directory.write('c.yaml', 'endpoints: 1\nadmin: { listen: nowhere }\nunknown: 1\n');
  const serving = start();
  expect(await serving.exit).toBe(78);
  expect(serving.output.trim().split('\n')).toHaveLength(3);
  expect(serving.output).toContain('c.yaml:2:18 admin.listen: must be host:port, such as 127.0.0.1:9002');
});

test('an address in use is one line, with exit code 69', async () => {
  directory.write('c.yaml', text(['alice']));
  start();
  await expect.poll(configProblems).toEqual([]);
  const second = start();
  expect(await second.exit).toBe(69);
  expect(second.output.trim()).toMatch(
    /^comfy-tenant serve: admin\.listen: 127\.0\.0\.1:\d+: another program is listening there: .*\(EADDRINUSE, listen\)/,
  );
});
