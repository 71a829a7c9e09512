import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/stack/ports.ts';
import { aDirectory } from '../support/temp-dir.ts';

const HASH = '$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2';
let directory: ReturnType<typeof aDirectory>;
let adminPort: number;
let child: ChildProcess;
let output: string;

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

async function until(holds: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (
    const end = Date.now() + ms;
    Date.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 50))
  ) {
    if (await holds().catch(() => false)) return true;
  }
  return false;
}

function start(): void {
  child = spawn('node', [
    '--import',
    'tsx',
    'src/main.ts',
    'serve',
    '--config',
    join(directory.path, 'c.yaml'),
  ]);
  output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
}

beforeEach(async () => {
  directory = aDirectory();
  adminPort = await freePort();
});
afterEach(() => {
  child.kill('SIGKILL');
  directory.remove();
});

const exit = () => new Promise((resolve) => child.once('exit', resolve));

test('a change is applied, an invalid one changes nothing, and SIGTERM stops the service cleanly', async () => {
  const file = directory.write('c.yaml', text(['alice']));
  start();
  expect(await until(async () => (await configProblems()).length === 0, 10_000)).toBe(true);
  const { revision } = await readiness();

  writeFileSync(file, text(['alice', 'bob']));
  expect(await until(async () => (await readiness()).revision !== revision, 15_000)).toBe(true);
  const taken = await readiness();

  writeFileSync(file, text(['alice', 'alice']));
  expect(await until(async () => (await configProblems()).length > 0, 15_000)).toBe(true);
  const refused = await readiness();
  expect(refused.revision).toBe(taken.revision);
  expect((await configProblems())[0]).toContain('alice');

  writeFileSync(file, text(['alice', 'bob']));
  expect(await until(async () => (await configProblems()).length === 0, 15_000)).toBe(true);

  child.kill('SIGTERM');
  expect(await exit()).toBe(0);
  expect(output).not.toContain(HASH);
});

test('all problems of an invalid configuration are printed, with exit code 78', async () => {
  directory.write('c.yaml', 'endpoints: []\nadmin: { listen: nowhere }\nunknown: 1\n');
  start();
  expect(await exit()).toBe(78);
  expect(output.trim().split('\n')).toHaveLength(3);
  expect(output).toContain('c.yaml:2:18 admin.listen: must be host:port, such as 127.0.0.1:9002');
});

test('an address in use is one line, with exit code 69', async () => {
  const file = directory.write('c.yaml', text(['alice']));
  start();
  expect(await until(async () => (await configProblems()).length === 0, 10_000)).toBe(true);
  const first = child;
  writeFileSync(file, text(['alice']));
  start();
  expect(await exit()).toBe(69);
  expect(output.trim()).toMatch(
    /^comfy-tenant serve: admin\.listen: 127\.0\.0\.1:\d+: another program is listening there: .*\(EADDRINUSE, listen\)/,
  );
  first.kill('SIGTERM');
});
