import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aDirectory } from '../support/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2" }] }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
let directory: ReturnType<typeof aDirectory>;

beforeAll(() => {
  directory = aDirectory();
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(directory.path, 'dist')], { cwd: ROOT }); // prettier-ignore
  for (const name of ['node_modules', 'proto', 'package.json'])
    symlinkSync(join(ROOT, name), join(directory.path, name));
  chmodSync(join(directory.path, 'dist/main.js'), 0o755); // As npm does for `bin`.
});
afterAll(() => {
  directory.remove();
});

/** Runs the compiled program until it ends, or until it serves: then by SIGTERM. */
async function serve(text: string, command: readonly string[]): Promise<{ code: number; output: string }> {
  const file = directory.write('c.yaml', text);
  const words = [...command, join(directory.path, 'dist/main.js')];
  const child = spawn(words[0]!, [...words.slice(1), 'serve', '--config', file]);
  let output = '';
  let stopped = false; // A second signal ends the program at once.
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
    if (stopped || !output.includes('"serving"')) return;
    stopped = true;
    child.kill('SIGTERM');
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const code = await new Promise<number>((resolve) => child.once('close', resolve));
  return { code, output };
}

test('the executable serves, and ends well at SIGTERM', async () => {
  const { code } = await serve(CONFIG, []);
  expect(code).toBe(0);
});

test('started by node it serves too', async () => {
  const { code } = await serve(CONFIG, [process.execPath]);
  expect(code).toBe(0);
});

test('its faults reach standard error and its exit code the process', async () => {
  const { code, output } = await serve('endpoints: []\nunknown: 1\n', []);
  expect(code).toBe(78);
  expect(output).toContain('c.yaml:2:1 unknown: is not a known key');
});
