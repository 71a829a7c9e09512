import { createServer, type Server } from 'node:http';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureComfyui } from '../../src/install/ensure-comfyui.ts';
import { ensureEnvoy, envoyWheel, findEnvoy } from '../../src/install/ensure-envoy.ts';
import { freePort } from '../../src/stack/ports.ts';
import { withInstallLock } from '../../src/install/install-lock.ts';
import { findPython } from '../../src/install/python.ts';
import { STARTING } from '../end-to-end/demo.ts';
import { run, scratchFolder } from './start-up.ts';

const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$bmV2ZXJhbWF0Y2hvZmFueXBhc3N3b3JkYXRhbGwhISE';

function program(folder: string, name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function search(env: Record<string, string>, said: string[] = []) {
  return { env, toolsFolder: join(scratchFolder(), 'tools'), report: (note: string) => void said.push(note) };
}

async function config(folder: string, more = ''): Promise<string> {
  const file = join(folder, 'comfy-tenant.yaml');
  const ports = [await freePort(), await freePort(), await freePort()];
  writeFileSync(
    file,
    `endpoints:
  - name: studio
    upstream: http://127.0.0.1:${ports[0]!}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: '${HASH}' }] }
admin: { listen: 127.0.0.1:${ports[1]!} }
${more === '' ? `gateway: { listen: 127.0.0.1:${ports[2]!} }` : more}
`,
  );
  return file;
}

test('a missing Python is one line with a fix', async () => {
  const env = { PATH: scratchFolder() };
  await expect(findPython(env)).rejects.toThrow(
    'ComfyUI needs Python 3.10 or newer; none is on the PATH. Install it (Debian: apt install python3 python3-venv) or use an existing ComfyUI: COMFYUI_URL=http://host:8188 npm start',
  );
  await expect(ensureComfyui(search(env))).rejects.toThrow(/^ComfyUI needs Python 3\.10 or newer;/);
});

test('a Python that is too old is named with its version', async () => {
  const bin = scratchFolder();
  program(bin, 'python3', 'echo 3.9 /usr/bin/python3.9');
  await expect(findPython({ PATH: bin })).rejects.toThrow(
    'ComfyUI needs Python 3.10 or newer; found only Python 3.9 (/usr/bin/python3.9). Install it',
  );
  await expect(ensureEnvoy(search({ PATH: bin }))).rejects.toThrow(
    'downloading Envoy 1.40.0 from the Python package index needs Python 3.10 or newer; found only Python 3.9 (/usr/bin/python3.9). Install either',
  );
});

test('a newer Python beside an old one is used, under its own name', async () => {
  const bin = scratchFolder();
  program(bin, 'python3', 'echo 3.9 /usr/bin/python3.9');
  program(bin, 'python3.12', 'echo 3.12 /usr/bin/python3.12');
  expect(await findPython({ PATH: bin })).toStrictEqual({ command: 'python3.12', version: '3.12' });
});

test('no Envoy and no Python to get it with is one line', async () => {
  await expect(ensureEnvoy(search({ PATH: scratchFolder() }))).rejects.toThrow(
    'No Envoy on the PATH, and downloading Envoy 1.40.0 from the Python package index needs Python 3.10 or newer; none is on the PATH. Install either (Debian: apt install python3 python3-venv), or set ENVOY_BIN',
  );
});

test('an ENVOY_BIN that is no Envoy, or too old, is refused by name', async () => {
  const bin = scratchFolder();
  program(bin, 'old', 'echo "envoy  version: abc/1.30.1/Clean/RELEASE/BoringSSL"');
  const old = join(bin, 'old');
  await expect(findEnvoy(search({ ENVOY_BIN: '/bin/false' }))).rejects.toThrow(
    'ENVOY_BIN=/bin/false does not run; fix or unset it',
  );
  await expect(findEnvoy(search({ ENVOY_BIN: old }))).rejects.toThrow(
    `ENVOY_BIN=${old} is Envoy 1.30.1; 1.40.0 or newer is needed`,
  );
});

test('a machine without an Envoy build is an error with a fix', () => {
  expect(() => envoyWheel('darwin-x64')).toThrow(
    'No Envoy build for darwin-x64. brew install envoy, then npm start',
  );
});

test('with a configuration, a gateway port in use is an error that names the program', async () => {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer().listen(0, '127.0.0.1', () => {
      resolve(made);
    });
  });
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const file = await config(scratchFolder(), `gateway: { listen: 127.0.0.1:${port} }`);
  const ran = run(['up', '--config', file]);
  expect(await ran.ended).toBe(69);
  expect(ran.output()).toContain(`gateway.listen: 127.0.0.1:${port} is in use by `);
  expect(ran.output()).toContain(`(pid ${process.pid}); stop it, or choose another port`);
});

test('a faulty configuration is refused with exit code 78 before anything starts', async () => {
  const file = join(scratchFolder(), 'comfy-tenant.yaml');
  writeFileSync(file, 'endpoints: none\n');
  const ran = run(['up', '--config', file]);
  expect(await ran.ended).toBe(78);
  expect(ran.output()).toContain('endpoints: must be a list');
});

test.each([
  ['COMFYUI_DIR', '/nowhere', 'COMFYUI_DIR=/nowhere has no main.py: set it to a ComfyUI folder\n'],
  [
    'COMFYUI_URL',
    '127.0.0.1:8188',
    'COMFYUI_URL=127.0.0.1:8188 must be an address without a path, such as http://127.0.0.1:8188\n',
  ],
])('%s that names nothing is one line', async (name, value, line) => {
  const ran = run(['up', '--demo', join(scratchFolder(), 'demo')], { [name]: value });
  expect(await ran.ended).toBe(69);
  expect(ran.output()).toContain(line);
});

test('a ComfyUI that dies shows its last ten lines and where the rest is', async () => {
  const folder = scratchFolder();
  const comfyui = join(folder, 'ComfyUI');
  mkdirSync(comfyui);
  writeFileSync(join(comfyui, 'main.py'), 'for n in range(12): print(f"line {n}")\nraise SystemExit(3)\n');
  program(folder, 'python', 'case "$1" in -c) exit 0;; *) exec python3 "$@";; esac');
  const file = await config(folder);
  const ran = run(['up', '--config', file], { COMFYUI_DIR: comfyui, COMFYUI_PYTHON: join(folder, 'python') });
  expect(await ran.ended).toBe(69);
  expect(ran.output()).not.toContain('line 1\n');
  expect(ran.output()).toMatch(/line 2\n[^]*line 11\nComfyUI ended with code 3 after \d+ s\. Full log: /);
});

test('a ComfyUI without the plugin gets no requests, and is reported', async () => {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer((_request, response) => {
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1', () => {
      resolve(made);
    });
  });
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const env = { COMFYUI_URL: `http://127.0.0.1:${port}` };
  const ran = await withInstallLock(STARTING, async () => {
    const starting = run(['up', '--demo', join(scratchFolder(), 'demo')], env);
    await starting.said('Ctrl-C stops everything');
    return starting;
  });
  expect(ran.output()).toContain(`ComfyUI at 127.0.0.1:${port} answers without the comfy-tenant plugin`);
  expect(ran.output()).not.toContain('verified');
  const url = /Open +(\S+)/.exec(ran.output())?.[1] ?? '';
  const password = /alice +(\S+-\S+)\n/.exec(ran.output())?.[1] ?? '';
  const authorization = `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`;
  expect((await fetch(`${url}/queue`, { headers: { authorization } })).status).toBe(503);
});

test('--reset of a folder that is no demo deletes nothing', async () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'precious'), '');
  const ran = run(['up', '--demo', folder, '--reset']);
  expect(await ran.ended).toBe(69);
  expect(ran.output()).toContain(
    `${folder} is not a demo folder, and --reset would delete it; choose another with --demo`,
  );
});
