import {
  credentials,
  makeGenericClientConstructor,
  status,
  type Client,
  type ServiceError,
} from '@grpc/grpc-js';
import { hash } from '@node-rs/bcrypt';
import { service as healthService } from 'grpc-health-check';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startService, type Service } from '../../src/service/service.ts';
import { loadVerifyKeys } from '../../src/token/token-key.ts';
import { createProbeUser } from '../../src/token/probe-user.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { basic } from '../support/requests.ts';
import { aCheck, readAnswer, type Answer } from '../support/check-messages.ts';

const asIs = (bytes: Buffer): Buffer => bytes;
const METHOD = '/envoy.service.auth.v3.Authorization/Check';

let directory: ReturnType<typeof aDirectory>;
let service: Service;
let client: Client;
let lines: string[];

async function configText(users: Record<string, string>): Promise<string> {
  const list = await Promise.all(
    Object.entries(users).map(
      async ([name, password]) => `{ username: ${name}, password: "${await hash(password, 4)}" }`,
    ),
  );
  return `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${list.join(', ')}] }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
}

beforeEach(async () => {
  directory = aDirectory();
  lines = [];
  const file = directory.write('comfy-tenant.yaml', await configText({ alice: 'tulip', bob: 'cedar' }));
  const { config, revision } = load(file);
  service = await startService({
    config,
    revision,
    log: pino({}, { write: (line: string) => lines.push(line) }),
  });
  const Generic = makeGenericClientConstructor({}, 'Authorization');
  client = new Generic(`unix:${join(directory.path, 'authz.sock')}`, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await service.close();
  directory.remove();
});

function send(path: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asIs, asIs, message, (error: ServiceError | null, answer?: Buffer) => {
      if (error === null) resolve(answer ?? Buffer.alloc(0));
      else reject(error);
    });
  });
}

async function ask(authorization: string): Promise<Answer> {
  return readAnswer(await send(METHOD, aCheck([['authorization', authorization]])));
}

async function metrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
}

test('a wrong password is denied, and no password appears in the log or the metrics', async () => {
  expect(await ask(basic('alice', 'wrong-secret'))).toMatchObject({ code: 7, status: 401 });
  await ask(basic('alice', 'tulip'));
  const seen = lines.join('') + (await metrics());
  expect(seen).toContain('password-wrong');
  expect(seen).not.toMatch(/wrong-secret|tulip|alice|d3Jvbm/);
});

test('a logged path is cut off, and its query is left out', async () => {
  for (const path of [`/${'long'.repeat(5000)}?token=secret-query`, '/short?token=secret-query'])
    await send(METHOD, aCheck([], { path }));
  expect(lines.join('')).toContain('/short');
  expect(lines.join('')).not.toContain('secret-query');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(600);
});

test('a second check with the same credentials hashes no password', async () => {
  await ask(basic('alice', 'tulip'));
  await ask(basic('alice', 'tulip'));
  const text = await metrics();
  expect(text).toContain('comfy_tenant_cache_requests_total{cache="studio",result="hit"} 1');
  expect(text).toContain('comfy_tenant_password_hash_seconds_count 1');
  expect(text).toContain(
    'comfy_tenant_checks_total{endpoint="studio",method="BASIC",decision="allow",reason=""} 2',
  );
});

test('a configuration change applies from the next check on, also for cached users', async () => {
  expect(await ask(basic('bob', 'cedar'))).toMatchObject({ code: 0 });
  const file = directory.write('comfy-tenant.yaml', await configText({ alice: 'tulip' }));
  const { config, revision } = load(file);
  service.replace(config, revision);
  expect(await ask(basic('bob', 'cedar'))).toMatchObject({ code: 7, status: 401 });
  expect(await ask(basic('alice', 'tulip'))).toMatchObject({ code: 0 });
  expect(await metrics()).toContain(`comfy_tenant_config_info{revision="${revision}"} 1`);
});

test('a rejected change is reported by /readyz, and the service keeps working', async () => {
  service.refuse(['comfy-tenant.yaml:3:5 endpoints: must have at least one endpoint']);
  const ready = await fetch(`http://127.0.0.1:${service.adminPort}/readyz`);
  expect(await ready.json()).toMatchObject({
    ready: true,
    problems: ['comfy-tenant.yaml:3:5 endpoints: must have at least one endpoint'],
  });
  expect(await ask(basic('alice', 'tulip'))).toMatchObject({ code: 0 });
});

test('a check that is no message is answered with 503, not with a gRPC error', async () => {
  expect(readAnswer(await send(METHOD, Buffer.from([0xff, 0xff])))).toMatchObject({ code: 7, status: 503 });
});

test('an empty check is refused', async () => {
  expect(readAnswer(await send(METHOD, Buffer.alloc(0)))).toMatchObject({ code: 7, status: 400 });
});

test('a message over the limit is not taken (CVE-2024-37168)', async () => {
  await expect(send(METHOD, Buffer.alloc(300 * 1024))).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
  });
});

test('health is served as grpc.health.v1', async () => {
  const { path, requestSerialize, responseDeserialize } = healthService['Check']!;
  const answer = await send(path, requestSerialize({ service: 'envoy.service.auth.v3.Authorization' }));
  expect(responseDeserialize(answer)).toMatchObject({ status: 'SERVING' });
});

test('stopping fails no running check', async () => {
  await ask(basic('bob', 'cedar')); // Opens the connection.
  const running = Array.from({ length: 20 }, (_, index) => ask(basic('alice', `guess${String(index)}`)));
  await Promise.race(running); // All were sent with the first.
  const closed = service.close();
  const answers = await Promise.all(running);
  expect(answers.every(({ code }) => code === 7)).toBe(true);
  await closed;
  service = { ...service, close: () => Promise.resolve() };
});

test('a temporary user of verify is let in by the verify key only, never by the key that signs for ComfyUI', async () => {
  const keyOf = (name: string): KeyObject =>
    loadVerifyKeys(join(directory.path, '.comfy-tenant', name))[0].privateKey;
  const user = await createProbeUser(keyOf('verify.key'), Date.now());
  expect((await ask(user.authorization)).headers['x-funart-comfy-userid']).toBe(user.userId);
  const byTokenKey = await createProbeUser(keyOf('token.key'), Date.now());
  expect(await ask(byTokenKey.authorization)).toMatchObject({ code: 7, status: 401 });
  const late = await createProbeUser(keyOf('verify.key'), Date.now() - 600_000);
  expect(await ask(late.authorization)).toMatchObject({ code: 7, status: 401 });
});

test('a token for ComfyUI is no credential of the gateway', async () => {
  const { headers } = await ask(basic('alice', 'tulip'));
  const token = headers['x-funart-comfy-token'] ?? '';
  expect(await ask(`Bearer ${token}`)).toMatchObject({ code: 7, status: 401 });
});
