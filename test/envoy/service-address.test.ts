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

async function expectServed(config: string): Promise<void> {
  const envoy = await startEnvoy({ directory, config });
  const headers = { authorization: basic('alice', 'tulip') };
  const status = async () => (await fetch(`http://127.0.0.1:${envoy.port}/queue`, { headers })).status;
  await expect.poll(status).toBe(200);
  await envoy.stop();
}

test('Envoy connects to service.address, which may be a name, and the service to service.listen', async () => {
  const port = await freePort();
  const config = configText(`{ listen: "127.0.0.1:${port}", address: "localhost:${port}" }`);
  await serve(config);
  await expectServed(config);
});

test('Envoy may see the socket under another path', async () => {
  const config = configText('{ listen: "unix:inside.sock", address: "unix:outside.sock" }');
  await serve(config);
  renameSync(join(directory.path, 'inside.sock'), join(directory.path, 'outside.sock'));
  await expectServed(config);
});
