import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { checkMethod } from './check-method.ts';
import { startGrpcServer, type GrpcServer } from './grpc-server.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const same = (bytes: Buffer): Buffer => bytes;

let directory: ReturnType<typeof aDirectory>;
const clients: Client[] = [];
const servers: GrpcServer[] = [];
beforeEach(() => {
  directory = aDirectory();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
  directory.remove();
});

async function start(options: Partial<Parameters<typeof startGrpcServer>[0]> = {}) {
  const check = (bytes: Uint8Array) => Buffer.from(bytes).reverse();
  const server = await startGrpcServer({ listen: LOOPBACK, check, ...options });
  servers.push(server);
  return server;
}

function call(address: string, path: string, bytes: Buffer): Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure());
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, bytes, (error: ServiceError | null, answer?: Buffer) => {
      if (error === null && answer !== undefined) resolve(answer);
      else reject(error ?? new Error('no answer'));
    });
  });
}

const CHECK = '/envoy.service.auth.v3.Authorization/Check';
const HEALTH = '/grpc.health.v1.Health/Check';
const SERVING = Buffer.from([8, 1]);

test('a check gets the bytes as they were sent, and a late answer, too', async () => {
  const { port } = await start();
  expect(await call(`127.0.0.1:${port}`, CHECK, Buffer.from([1, 2, 3]))).toEqual(Buffer.from([3, 2, 1]));
  const late = await start({ check: (bytes) => Promise.resolve(bytes) });
  expect(await call(`127.0.0.1:${late.port}`, CHECK, Buffer.from([9]))).toEqual(Buffer.from([9]));
  expect(await call(`127.0.0.1:${port}`, HEALTH, Buffer.alloc(0))).toEqual(SERVING);
});

test('on a Unix socket there is no port, and only the owner may connect', async () => {
  const path = join(directory.path, 'authz.sock');
  const { port } = await start({ listen: { path } });
  expect(port).toBeUndefined();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await call(`unix:${path}`, CHECK, Buffer.from([1, 2]))).toEqual(Buffer.from([2, 1]));
});

test('an address in use is named, without the scheme of a socket', async () => {
  const { port } = await start();
  await expect(start({ listen: { host: '127.0.0.1', port: port ?? 0 } })).rejects.toThrow(
    `127.0.0.1:${port}`,
  );
  const path = directory.write('authz.sock', 'not a socket');
  await expect(start({ listen: { path } })).rejects.toThrow(/service\.listen/);
  await expect(start({ listen: { path } })).rejects.not.toThrow(/unix:/);
});

test('closing waits for the checks in progress', async () => {
  let answer: (bytes: Uint8Array) => void = () => undefined;
  const slow = await start({
    check: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  });
  const asked = call(`127.0.0.1:${slow.port}`, CHECK, Buffer.from([1]));
  await expect.poll(() => answer.length).toBe(1);
  const closing = slow.close();
  answer(Buffer.from([7]));
  expect(await asked).toEqual(Buffer.from([7]));
  await closing;
});

test('too large a message is refused', async () => {
  const { port } = await start();
  await expect(call(`127.0.0.1:${port}`, CHECK, Buffer.alloc(300 * 1024))).rejects.toThrow(/larger than max/);
});

test('the contract is read with other options, too', () => {
  expect(checkMethod({ defaults: true }).path).toBe(CHECK);
  const { requestSerialize } = checkMethod();
  expect(requestSerialize({ attributes: { context_extensions: { a: 'b' } } }).length).toBeGreaterThan(0);
});
