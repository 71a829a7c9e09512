import { hashSync } from '@node-rs/bcrypt';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../src/stack/ports.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { basic } from '../support/requests.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { startEnvoy } from './run-envoy.ts';

let directory: ReturnType<typeof aDirectory>;
let upstream: EchoUpstream;
let service: Service | undefined;
beforeEach(async () => {
  directory = aDirectory();
  upstream = await startEchoUpstream();
});
afterEach(async () => {
  await service?.close();
  service = undefined;
  await upstream.close();
  directory.remove();
});

const configText = (part: string): string => `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
service: ${part}
admin: { listen: "127.0.0.1:0" }
`;

async function serve(config: string): Promise<void> {
  const loaded = load(directory.write('service.yaml', config));
  service = await startService({ ...loaded, log: pino({ level: 'silent' }) });
}

async function statusThrough(config: string): Promise<number> {
  const envoy = await startEnvoy({ directory, config });
  const headers = { authorization: basic('alice', 'tulip') };
  let last = 0;
  for (let tries = 0; tries < 100 && last !== 200; tries++) {
    last = (await fetch(`http://127.0.0.1:${envoy.port}/queue`, { headers })).status;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await envoy.stop();
  return last;
}

test('Envoy connects to service.address, which may be a name, and the service to service.listen', async () => {
  const port = await freePort();
  const config = configText(`{ listen: "127.0.0.1:${port}", address: "localhost:${port}" }`);
  await serve(config);
  expect(await statusThrough(config)).toBe(200);
});

test('Envoy may see the socket under another path', async () => {
  const config = configText('{ listen: "unix:inside.sock", address: "unix:outside.sock" }');
  await serve(config);
  renameSync(join(directory.path, 'inside.sock'), join(directory.path, 'outside.sock'));
  expect(await statusThrough(config)).toBe(200);
});
