import { exportJWK, generateKeyPair } from 'jose';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askComfyuiWith } from '../../src/comfyui/ask-comfyui.ts';
import { comfyuiGroups } from '../../src/config/comfyui-groups.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';

let directory: ReturnType<typeof aDirectory>;
let service: Service;
let servers: Server[];
let issuer: string;
let comfyui: string;
let jwks: object | undefined;
/** What ComfyUI answers at `/_tenant/plugin`; undefined: it is down. */
let plugin: ((fingerprint: string) => object) | undefined;

async function listen(answer: () => object | undefined): Promise<string> {
  const server = createServer((_, response) => {
    const body = answer();
    if (body === undefined) response.destroy();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let audience: string;
const facts = (key: string) => ({
  plugin: '1',
  comfyui: '0',
  key,
  keyFile: 'public',
  audience,
  hooks: { fit: 1, all: 1 },
});

const admin = (path: string): string => `http://127.0.0.1:${service.adminPort}${path}`;

async function readyz(): Promise<{ status: number; problems: string[] }> {
  const response = await fetch(admin('/readyz'));
  const { problems } = (await response.json()) as { problems: string[] };
  return { status: response.status, problems };
}

const metrics = async (): Promise<string> => (await fetch(admin('/metrics'))).text();

async function start(auth: string): Promise<void> {
  const text = `
endpoints:
  - { name: studio, upstream: "${comfyui}", multiTenant: true, auth: ${auth} }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0", hosts: [authz] }
`;
  const { config, revision } = load(directory.write('comfy-tenant.yaml', text));
  audience = comfyuiGroups(config)[0]!.audience;
  service = await startService({
    config,
    revision,
    log: pino({ level: 'silent' }),
    askComfyui: askComfyuiWith(config),
  });
}

const jwt = (): string =>
  `{ method: JWT, issuers: [{ issuer: "https://login.example.com", audience: c, jwks: { url: "${issuer}/jwks", allowHttp: true } }], claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }] }`;
const BASIC =
  '{ method: BASIC, users: [{ username: alice, password: "$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2" }] }';

beforeEach(async () => {
  directory = aDirectory();
  servers = [];
  jwks = undefined;
  plugin = (key) => ({ ...facts(key), comfyui: '0.3.75' });
  issuer = await listen(() => jwks);
  comfyui = await listen(() => plugin?.(service.keys.fingerprint));
});
afterEach(async () => {
  await service.close();
  for (const server of servers) server.close();
  directory.remove();
});

test('a service that never had the keys of an issuer is not ready, and the metric shows it', async () => {
  await start(jwt());
  await expect.poll(async () => (await readyz()).status).toBe(503);
  expect((await readyz()).problems.join()).toContain('keys of https://login.example.com');
  expect(await metrics()).toContain('comfy_tenant_jwks_available{issuer="https://login.example.com"} 0');

  const { publicKey } = await generateKeyPair('ES256');
  jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: '1' }] };
  await expect.poll(async () => (await readyz()).status).toBe(200);
  expect(await metrics()).toContain('comfy_tenant_jwks_available{issuer="https://login.example.com"} 1');
});

const up = 'comfy_tenant_comfyui_up{endpoint="studio",upstream="1"}';
const alive = 'comfy_tenant_comfyui_worker_alive{endpoint="studio",upstream="1"}';

test.each<[string, typeof plugin, RegExp]>([
  ['that is down', undefined, /does not answer/],
  ['without the plugin', () => ({}), /answers without the comfy-tenant plugin/],
  ['with another key', () => facts('00000000'), /key/],
  ['that answers without end', () => ({ plugin: 'x'.repeat(100_000) }), /response larger than 64 KiB/],
])(
  'a ComfyUI %s is a reported problem with a metric, and the service stays ready',
  async (_, broken, problem) => {
    plugin = broken;
    await start(BASIC);
    await expect.poll(async () => (await readyz()).problems.join()).toMatch(problem);
    expect((await readyz()).status).toBe(200);
    expect(await metrics()).toContain(`${up} 0`);
  },
);

test('a ComfyUI whose worker has died is up, and a reported problem', async () => {
  plugin = (key) => ({
    ...facts(key),
    worker: { alive: false, restarts: 0, runningSeconds: null },
  });
  await start(BASIC);
  await expect.poll(async () => (await readyz()).problems.join()).toContain('has died');
  expect(await metrics()).toContain(`${up} 1`);
  expect(await metrics()).toContain(`${alive} 0`);
});

test('a ComfyUI that is well is no problem', async () => {
  await start(BASIC);
  await expect.poll(metrics).toContain(`${up} 1`);
  expect((await readyz()).problems).toEqual([]);
});

/** As a browser sends it: `fetch` would not let us choose. */
function statusAs(host: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(admin(path), { headers: { host } }, (response) => {
      resolve(response.resume().statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
}

test.each(['/metrics', '/readyz'])(
  '%s answers only for configured host names and IP addresses',
  async (path) => {
    await start(BASIC);
    expect(await statusAs('rebound.evil.example.com', path)).toBe(421);
    for (const host of ['localhost', '127.0.0.1:9002', '10.1.2.3:9002', 'authz:9002'])
      expect(await statusAs(host, path)).toBe(200);
  },
);
