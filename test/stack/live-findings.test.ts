import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { comfyuiGroups } from '../../src/config/comfyui-groups.ts';
import { runLiveChecks, type LiveProblem } from '../../src/comfyui/live-checks.ts';
import { loadTokenKeys, type TokenKeys } from '../../src/token/token-key.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { BASIC } from '../envoy/stand.ts';

let directory: ReturnType<typeof aDirectory>;
let keys: TokenKeys;
let server: Server | undefined;
beforeEach(() => {
  directory = aDirectory();
  keys = loadTokenKeys(join(directory.path, 'token.key'));
});
afterEach(() => {
  server?.close();
  directory.remove();
});

interface Changes {
  readonly state?: object;
  readonly plugin?: number;
  readonly isolation?: string;
  readonly fitness?: number;
  readonly facts?: object;
  readonly date?: Date;
  readonly worker?: object;
}

const GB = 1e9;
const WORKER = { alive: true, restarts: 0, runningSeconds: null };

/** A ComfyUI with the plugin, all well; a case spoils one thing. */
function aComfyui(changes: Changes): RequestListener {
  return (request, response) => {
    if (changes.date !== undefined) response.setHeader('date', changes.date.toUTCString());
    if (request.url === '/_tenant/plugin') {
      const facts = {
        plugin: '0.2.0',
        comfyui: '0.3.75',
        key: keys.fingerprint,
        keyFile: 'public',
        audience: audience(),
        hooks: { fit: 33, all: 33 },
        worker: { ...WORKER, ...changes.worker },
        isolation: changes.isolation,
        ...changes.state,
      };
      response.writeHead(changes.plugin ?? 200).end(JSON.stringify(facts));
      return;
    }
    const fitness = {
      listen: '127.0.0.1',
      manager: false,
      disk: { free: 50 * GB, total: 100 * GB },
      ...changes.facts,
    };
    response.writeHead(changes.fitness ?? 200).end(JSON.stringify(fitness));
  };
}

async function look(changes: Changes, outward: string[] = []): Promise<readonly LiveProblem[]> {
  server = createServer(aComfyui(changes));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return runLiveChecks(configFor(port), keys, outward);
}

function configFor(port: number): Config {
  const text = `
endpoints:
  - { name: studio, upstream: "http://127.0.0.1:${String(port)}", multiTenant: true, auth: ${BASIC} }
comfyui: { tokenKeyFile: token.key }
`;
  return load(directory.write('comfy-tenant.yaml', text)).config;
}

/** Of the ComfyUI that runs. */
function audience(): string | undefined {
  const { port } = server?.address() as AddressInfo;
  return comfyuiGroups(configFor(port))[0]?.audience;
}

test('where all is well it says so', async () => {
  expect(await look({})).toMatchObject([{ level: 'ok' }]);
});

test('it says what keeps node code away from the files of others', async () => {
  expect(await look({ isolation: 'kernel (Landlock ABI 7)' })).toMatchObject([
    { level: 'ok' },
    { level: 'ok', text: expect.stringMatching(/: isolation: kernel \(Landlock ABI 7\)$/) as string },
  ]);
});

test('and warns where the kernel does not', async () => {
  expect(await look({ isolation: 'Python only (linux has none)' })).toMatchObject([
    { level: 'ok' },
    {
      level: 'warning',
      text: expect.stringMatching(/: isolation: Python only \(linux has none\)\. /) as string,
    },
  ]);
});

test.each<[string, Changes, LiveProblem['level'], RegExp]>([
  [
    'no plugin',
    { plugin: 404 },
    'fault',
    /answers without the comfy-tenant plugin \(GET \/_tenant\/plugin: 404\)/,
  ],
  [
    'another key',
    { state: { key: '00000000' } },
    'fault',
    /a different key than .*public\/comfyui\.json \(fingerprints 0000/,
  ],
  ['another audience', { state: { audience: 'x' } }, 'fault', /has the key file of another ComfyUI/],
  [
    'no key',
    { state: { key: null, keyFile: 'unset' } },
    'fault',
    /has no key: COMFY_TENANT_KEY_FILE is not set/,
  ],
  [
    'a missing file',
    { state: { key: null, keyFile: 'missing' } },
    'fault',
    /COMFY_TENANT_KEY_FILE does not exist there/,
  ],
  ['a private key', { state: { key: null, keyFile: 'private' } }, 'fault', /was given a private key/],
  [
    'a shared key',
    { state: { key: 'abcd0000', keyFile: 'shared' } },
    'fault',
    /still has a shared comfy-tenant 0\.1 key/,
  ],
  [
    'a shared key beside',
    { state: { keyFile: 'both' } },
    'warning',
    /also accepts a shared comfy-tenant 0\.1 key/,
  ],
  [
    'readable keys',
    { facts: { readableKeys: ['/k/token.key'] } },
    'warning',
    /can read private keys \(\/k\/token\.key\)/,
  ],
  [
    'a refused token',
    { fitness: 401 },
    'fault',
    /rejects the gateway's token \(401\)\. Synchronize the clocks with NTP/,
  ],
  ['the Manager', { facts: { manager: true } }, 'warning', /^ComfyUI-Manager is loaded at http/],
  [
    'another clock',
    { date: new Date(Date.now() - 120_000) },
    'warning',
    /differs by 1[12]\d s: synchronize it with NTP/,
  ],
  ['a dead worker', { worker: { alive: false } }, 'fault', /worker at http.* is dead: .* Restart ComfyUI/],
  [
    'a prompt without end',
    { worker: { runningSeconds: 7200 } },
    'warning',
    /running for 120 min.*maxRunSeconds/,
  ],
  ['a restarted worker', { worker: { restarts: 2 } }, 'warning', /was restarted 2 time\(s\)/],
  ['a full disk', { facts: { disk: { free: GB, total: 100 * GB } } }, 'warning', /nearly full: .* free/],
])('%s is found, with what to do', async (_, changes, level, text) => {
  const [finding] = await look(changes);
  expect(finding?.level).toBe(level);
  expect(finding?.text).toMatch(text);
});

test('a ComfyUI that other machines can reach without the gateway is found', async () => {
  const [finding] = await look({}, ['127.0.0.1']);
  expect(finding).toMatchObject({ level: 'warning' });
  expect(finding?.text).toMatch(
    /^ComfyUI also listens on 127\.0\.0\.1:\d+: other machines can reach it without the gateway\./,
  );
});

test('a ComfyUI that does not answer is a fault', async () => {
  const found = await runLiveChecks(configFor(1), keys, []);
  expect(found).toMatchObject([{ level: 'fault' }]);
  expect(found[0]?.text).toContain('ComfyUI at 127.0.0.1:1 does not answer');
});
