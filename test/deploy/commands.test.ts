import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from '@node-rs/bcrypt';
import { afterAll, expect, test, vi } from 'vitest';
import { freePort } from '../../src/stack/ports.ts';
import { rawRequest } from '../envoy/raw-request.ts';
import { spawnEnvoy } from '../envoy/run-envoy.ts';
import { aDirectory } from '../support/temp-dir.ts';
import { WAIT } from './watched-gateway.ts';

const directory = aDirectory();
const ended: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ended.toReversed()) await end();
  directory.remove();
});

interface Result {
  readonly code: number | null;
  readonly out: string;
}

/** Runs `comfy-tenant` as the documentation does, in the directory. */
function start(...args: readonly string[]) {
  const main = join(import.meta.dirname, '../../src/main.ts');
  const tsx = import.meta.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, main, ...args], { cwd: directory.path });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const result = new Promise<Result>((resolve) => {
    child.once('close', (code) => {
      resolve({ code, out });
    });
  });
  return { child, result };
}

const run = (...args: readonly string[]): Promise<Result> => start(...args).result;

test('the commands of docs/envoy.md: a folder for Envoy, and a change that is live when `deploy --wait` returns', async () => {
  const [port, admin] = [await freePort(), await freePort()];
  const text = (domain: string): string => `
endpoints:
  - name: studio
    domains: [${domain}]
    upstream: http://127.0.0.1:1
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
gateway: { listen: "127.0.0.1:${port}" }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:${admin}" }
`;
  directory.write('comfy-tenant.yaml', text('one.test'));
  expect(await run('envoy', '--dir', 'envoy-files')).toEqual({ code: 0, out: '' });

  const unanswered = await run('deploy', '--wait', '--timeout', '1');
  expect(unanswered).toEqual({
    code: 69,
    out: `no service answers at http://127.0.0.1:${admin}/readyz: start it, or set admin.listen to where it runs\n`,
  });

  const serving = start('serve', '--envoy-dir', 'envoy-files');
  ended.push(() => {
    serving.child.kill();
    return serving.result;
  });
  await vi.waitUntil(() => existsSync(join(directory.path, 'authz.sock')), WAIT);
  const silent = await run('deploy', '--wait', '--timeout', '1');
  expect(silent.out).toContain('live in the service, but Envoy does not answer');
  expect(silent.code).toBe(1);

  const envoy = await spawnEnvoy(join(directory.path, 'envoy-files'), port);
  ended.push(() => envoy.stop());
  directory.write('comfy-tenant.yaml', text('two.test'));
  const { code, out } = await run('deploy', '--wait');
  expect(out).toMatch(/^serving revision [0-9a-f]{12}: live in the service and in Envoy\n/);
  expect(code).toBe(0);
  const statuses = ['one.test', 'two.test'].map((host) => rawRequest(port, { lines: ['GET / HTTP/1.1'], host }));
  expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([421, 401]);
  expect((await run('deploy')).out).toMatch(/^comfy-tenant.yaml: valid, revision [0-9a-f]{12}; a running/);
});

test('what is wrong with the arguments is said', async () => {
  expect(await run('serve', '--envoy-dir', 'x', '--preset', 'edge')).toEqual({
    code: 64,
    out: '--preset edge: must be one of gateway, sidecar, edge-tls\n',
  });
  expect((await run('deploy', '--wait', '--timeout', 'soon')).out).toBe(
    '--timeout soon: must be a number of seconds, such as 30\n',
  );
});
