import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { credentials, makeGenericClientConstructor, type Client, type ServiceError } from '@grpc/grpc-js';
import { hash } from '@node-rs/bcrypt';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Endpoint } from '../../src/config/schema.ts';
import { upstreamDigest } from '../../src/envoy/digests.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { basic } from '../support/requests.ts';
import { aCheck, readAnswer } from '../support/check-messages.ts';

const asIs = (bytes: Buffer): Buffer => bytes;

let directory: ReturnType<typeof aDirectory>;
let service: Service;
let client: Client | undefined;
let lines: string[];
let now: number;
let password: string;
/** The endpoints that Envoy's routes name. */
let endpoints: readonly Endpoint[];

beforeEach(async () => {
  directory = aDirectory();
  lines = [];
  now = Date.now();
  password = await hash('tulip', 4);
});
afterEach(async () => {
  client?.close();
  await service.close();
  directory.remove();
});

function configText(upstreams: Record<string, string>): string {
  const endpoints = Object.entries(upstreams).map(
    ([name, upstream]) =>
      `  - { name: ${name}, domains: [${name}.test], upstream: ${upstream}, multiTenant: true, auth: { method: BASIC, users: [{ username: alice, password: "${password}" }] } }\n`,
  );
  return `endpoints:\n${endpoints.join('')}sameUsers: true\nservice: { listen: "unix:authz.sock" }\nadmin: { listen: "127.0.0.1:0" }\n`;
}

function loaded(upstreams: Record<string, string>) {
  const next = load(directory.write('comfy-tenant.yaml', configText(upstreams)));
  ({ endpoints } = next.config);
  return next;
}

async function serve(upstreams: Record<string, string>): Promise<void> {
  const log = pino({}, { write: (line: string) => lines.push(line) });
  service = await startService({ ...loaded(upstreams), log, now: () => now });
  const Generic = makeGenericClientConstructor({}, 'Authorization');
  client = new Generic(`unix:${join(directory.path, 'authz.sock')}`, credentials.createInsecure());
}

async function tokenAt(name: string): Promise<string> {
  const endpoint = endpoints.find((one) => one.name === name)!;
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    client?.makeUnaryRequest(
      '/envoy.service.auth.v3.Authorization/Check',
      asIs,
      asIs,
      aCheck([['authorization', basic('alice', 'tulip')]], {
        host: `${name}.test`,
        endpoint: name,
        upstream: upstreamDigest(endpoint),
      }),
      (error: ServiceError | null, answer?: Buffer) => {
        if (error === null) resolve(answer ?? Buffer.alloc(0));
        else reject(error);
      },
    );
  });
  return readAnswer(bytes).headers['x-funart-comfy-token'] ?? '';
}

const inKeys = (...names: string[]): string => join(directory.path, '.comfy-tenant', ...names);

type Published = JSONWebKeySet & { audience: string };

function published(name = 'comfyui.json'): Published {
  return JSON.parse(readFileSync(inKeys('public', name), 'utf8')) as Published;
}

async function verified(token: string, { audience, ...jwks }: Published) {
  const options = { audience, algorithms: ['EdDSA'], issuer: 'comfy-tenant' };
  return (await jwtVerify(token, createLocalJWKSet(jwks), options)).payload;
}

test("alice's token is verified by what ComfyUI gets, which holds no private part", async () => {
  await serve({ studio: 'http://127.0.0.1:8188' });
  const payload = await verified(await tokenAt('studio'), published());
  expect(payload).toMatchObject({ sub: 'alice' });
  expect(payload.exp! - payload.iat!).toBe(300);
  expect(payload).not.toHaveProperty('roles');
  const [key, ...others] = published().keys;
  expect(others).toEqual([]);
  expect(Object.keys(key ?? {})).toEqual(['kty', 'crv', 'x', 'kid', 'alg', 'use']);
  expect(published().keys[0]?.kid?.slice(0, 8)).toBe(service.keys.fingerprint);
});

// With 0277 only root can write into the folders that it creates.
const UMASKS = [0o000, 0o022, 0o077, ...(process.getuid?.() === 0 ? [0o277] : [])];

test.each(UMASKS)('files have their modes whatever the umask (%o)', async (umask) => {
  const before = process.umask(umask);
  try {
    await serve({ studio: 'http://127.0.0.1:8188' });
  } finally {
    process.umask(before);
  }
  const mode = (...names: string[]): number => statSync(inKeys(...names)).mode & 0o777;
  expect([mode('token.key'), mode('verify.key')]).toEqual([0o600, 0o600]);
  expect([mode('public', 'comfyui.json'), mode('public')]).toEqual([0o644, 0o755]);
});

test('a token for one ComfyUI is useless on another, also after a reload', async () => {
  await serve({ a: 'http://127.0.0.1:8188', b: 'http://127.0.0.1:8288', c: 'http://localhost:8188' });
  const [a, b, c] = [await tokenAt('a'), await tokenAt('b'), await tokenAt('c')];
  await expect(verified(a, published('comfyui-b.json'))).rejects.toThrow('"aud"');
  await verified(b, published('comfyui-b.json'));
  // One ComfyUI by two names.
  await verified(a, published('comfyui-a.json'));
  await verified(c, published('comfyui-a.json'));
  expect(existsSync(inKeys('public', 'comfyui-c.json'))).toBe(false);

  const next = loaded({ a: 'http://127.0.0.1:9188', b: 'http://127.0.0.1:8288' });
  service.replace(next.config, next.revision);
  await verified(await tokenAt('a'), published('comfyui-a.json'));
  await expect(verified(a, published('comfyui-a.json'))).rejects.toThrow('"aud"');
  await verified(await tokenAt('b'), published('comfyui-b.json'));
});

test('a file of an earlier name goes on to be right for its ComfyUI', async () => {
  mkdirSync(inKeys('public'), { recursive: true });
  await serve({ a: 'http://127.0.0.1:8188' });
  const { audience } = published();
  await service.close();
  writeFileSync(inKeys('public', 'comfyui.json'), JSON.stringify({ audience, keys: [] }));
  await serve({ a: 'http://127.0.0.1:8188', b: 'http://127.0.0.1:8288' });
  await verified(await tokenAt('a'), published());
  await verified(await tokenAt('a'), published('comfyui-a.json'));
});

test('a clock that is set back makes a new token, for who is remembered too', async () => {
  await serve({ studio: 'http://127.0.0.1:8188' });
  const first = await tokenAt('studio');
  now += 1000;
  expect(await tokenAt('studio')).toBe(first);
  now -= 3_600_000;
  const second = await tokenAt('studio');
  expect(decodeJwt(second).iat! * 1000).toBeLessThanOrEqual(now);
  expect(await tokenAt('studio')).toBe(second);
});

test('a key of comfy-tenant 0.1 goes on to sign, with a warning that says how to migrate', async () => {
  mkdirSync(inKeys());
  const key = Buffer.alloc(32, 7);
  writeFileSync(inKeys('token.key'), `${key.toString('base64url')}\n`);
  await serve({ studio: 'http://127.0.0.1:8188' });
  const token = await tokenAt('studio');
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256' });
  const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], audience: 'comfyui' });
  expect(payload.sub).toBe('alice');
  expect(existsSync(inKeys('public'))).toBe(false);
  expect(lines.join('')).toContain('name a new file in comfyui.tokenKeyFile, run `comfy-tenant key`');
  expect(lines.join('')).not.toContain(key.toString('base64url'));
});

test('a verify key that cannot be used leaves ComfyUI served, and says so', async () => {
  mkdirSync(inKeys('verify.key'), { recursive: true });
  await serve({ studio: 'http://127.0.0.1:8188' });
  await verified(await tokenAt('studio'), published());
  expect(lines.join('')).toContain('comfyui.verifyKeyFile is unusable');
});

test('a change whose public keys cannot be written changes nothing', async () => {
  await serve({ a: 'http://127.0.0.1:8188', c: 'http://127.0.0.1:8388' });
  const before = published('comfyui-a.json');
  // A folder where the new file must be; the file of a, which comes first, can be written.
  mkdirSync(inKeys('public', 'comfyui-b.json'));
  const served = endpoints;
  const next = loaded({ a: 'http://127.0.0.1:9188', b: 'http://127.0.0.1:8288' });
  endpoints = served;
  expect(() => {
    service.replace(next.config, next.revision);
  }).toThrow(
    /^comfyui\.publicKeyDir: cannot write ComfyUI's .*: use a folder that the service can write to$/,
  );
  expect(published('comfyui-a.json')).toEqual(before);
  await verified(await tokenAt('a'), before);
});
