import { credentials, makeGenericClientConstructor, type Client } from '@grpc/grpc-js';
import { hashSync } from '@node-rs/bcrypt';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AskComfyui } from '../../src/comfyui/watch-upstreams.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aCheck } from '../support/check-messages.ts';
import { anIssuer, keysOf } from '../support/issuer.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { basic } from '../support/requests.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { aKey } from '../support/tokens.ts';

// The dashboard's queries, run by a real Prometheus on the metrics of a real service with users, an issuer and a ComfyUI.
interface Panel {
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string }[];
}
const { panels } = JSON.parse(readFileSync('deploy/grafana/comfy-tenant.json', 'utf8')) as {
  readonly panels: readonly Panel[];
};
const queries = panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$__rate_interval', '1h') })),
);

let prompts = 0;
/** A ComfyUI with work to do: one more prompt has failed each time it is asked. */
const askComfyui: AskComfyui = () => {
  prompts += 2;
  return Promise.resolve({
    problem: undefined,
    up: true,
    workerAlive: true,
    usage: {
      users: [],
      queue: { waiting: 3, running: 1, oldestWaitSeconds: 12, users: [] },
      quotaBytes: null,
      webSockets: {},
      totals: { prompts, failed: prompts / 2, gpuSeconds: prompts },
      disk: { free: 40, total: 100 },
    },
  });
};

let directory: ReturnType<typeof aDirectory>;
let issuer: Awaited<ReturnType<typeof anIssuer>>;
let service: Service;
let client: Client;
let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
beforeAll(async () => {
  directory = aDirectory();
  issuer = await anIssuer(keysOf(await aKey('ES256')));
  const file = directory.write(
    'comfy-tenant.yaml',
    `
sameUsers: true
endpoints:
  - name: studio
    domains: [studio.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
  - name: api
    domains: [api.example.com]
    upstream: http://127.0.0.1:8189
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${issuer.origin}", audience: c, jwks: { url: "${issuer.origin}/jwks", allowHttp: true } }]
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`,
  );
  service = await startService({ ...load(file), log: pino({}, { write: () => undefined }), askComfyui });
  const Generic = makeGenericClientConstructor({}, 'Authorization');
  client = new Generic(`unix:${join(directory.path, 'authz.sock')}`, credentials.createInsecure());
  // The same service under two names, as replicas that watch the same ComfyUIs.
  prometheus = await startPrometheus(
    ['127.0.0.1', 'localhost'].map((host) => `${host}:${service.adminPort}`),
  );
});
afterAll(async () => {
  await prometheus.stop();
  client.close();
  await service.close();
  issuer.stop();
  directory.remove();
});

const asIs = (bytes: Buffer): Buffer => bytes;
function check(password: string): Promise<void> {
  const message = aCheck([['authorization', basic('alice', password)]]);
  return new Promise((resolve, reject) => {
    const method = '/envoy.service.auth.v3.Authorization/Check';
    client.makeUnaryRequest(method, asIs, asIs, message, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Allowed and refused checks until a query finds numbers: a rate needs two scrapes that see them. */
async function untilFound(expr: string): Promise<void> {
  const found = async (): Promise<boolean> => {
    for (const password of ['tulip', 'tulip', 'wrong']) await check(password);
    const series = await prometheus.query(expr);
    return series.length > 0 && series.every(({ value }) => Number.isFinite(value));
  };
  await expect.poll(found, { message: expr, interval: 200 }).toBe(true);
}

test.each(queries)('$title: Prometheus finds numbers for $expr', async ({ expr }) => {
  await untilFound(expr);
});

const query = (title: string): string => queries.find((one) => one.title === title)?.expr ?? '';

test('what two replicas report of the same ComfyUIs and issuers counts once', async () => {
  await expect.poll(() => prometheus.query('up')).toMatchObject([{ value: 1 }, { value: 1 }]);
  await expect
    .poll(() => prometheus.query('count by (endpoint) (comfy_tenant_comfyui_queue_waiting)'))
    .toMatchObject([{ value: 2 }, { value: 2 }]);
  expect(await prometheus.query(query('Waiting prompts'))).toMatchObject([{ value: 6 }]);
  for (const title of ['Queue per ComfyUI', 'GPU use', 'Prompts'])
    expect(await prometheus.query(query(title)), title).toHaveLength(2);
  for (const title of ['Age of keys', 'Key fetches', 'Revocations and closed WebSockets'])
    expect(await prometheus.query(query(title)), title).toHaveLength(1);
});

test('refusals are shown by reason, and a key fetch by issuer', async () => {
  const reasons = (await prometheus.query(query('Refusals by reason'))).map(({ labels }) => labels.reason);
  expect(reasons).toContain('password-wrong');
  const fetches = await prometheus.query(query('Key fetches'));
  expect(fetches).toMatchObject([{ labels: { issuer: issuer.origin, result: 'ok' } }]);
});

test('no panel shows who the users are, and all use the chosen data source', async () => {
  const labels = await Promise.all(queries.map(async ({ expr }) => prometheus.query(expr)));
  expect(JSON.stringify(labels)).not.toContain('alice');
  for (const { datasource } of panels) expect(datasource.uid).toBe('${datasource}');
});

test('Prometheus evaluates every alert without an error, and none fires while everything works', async () => {
  const evaluated = async (): Promise<string[]> => {
    const { groups } = (await prometheus.api('rules')) as {
      groups: { rules: { name: string; health: string; state: string }[] }[];
    };
    return groups.flatMap(({ rules }) =>
      rules.flatMap(({ name, health, state }) =>
        health === 'ok' && state !== 'firing' ? [] : `${name} ${health} ${state}`,
      ),
    );
  };
  await expect.poll(evaluated).toEqual([]);
});
