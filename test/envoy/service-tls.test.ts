import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hash } from '@node-rs/bcrypt';
import { freePort } from '../../src/stack/ports.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { basic } from '../support/requests.ts';
import { writeCertificate } from './a-certificate.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { startEnvoy } from './run-envoy.ts';

let directory: ReturnType<typeof aDirectory>;
let upstream: EchoUpstream;
let service: Service;
let withClient: string;
beforeAll(async () => {
  directory = aDirectory();
  upstream = await startEchoUpstream();
  writeCertificate(directory.path);
  const port = await freePort();
  withClient = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${await hash('tulip', 4)}" }] }
service:
  listen: 127.0.0.1:${port}
  tls:
    certFile: tls.crt
    keyFile: tls.key
    clientCaFile: tls.crt
    clientCertFile: tls.crt
    clientKeyFile: tls.key
admin: { listen: "127.0.0.1:0" }
`;
  const { config, revision } = load(directory.write('service.yaml', withClient));
  service = await startService({ config, revision, log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await service.close();
  await upstream.close();
  directory.remove();
});

/** Asks until the answer is 200, or that often. */
async function status(config: string, attempts: number): Promise<number> {
  const envoy = await startEnvoy({ directory, config });
  const headers = { authorization: basic('alice', 'tulip') };
  let last = 0;
  for (let tries = 0; tries < attempts && last !== 200; tries++) {
    last = (await fetch(`http://127.0.0.1:${envoy.port}/queue`, { headers })).status;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await envoy.stop();
  return last;
}

test('Envoy asks the service over TLS, with the certificate that the service wants of it', async () => {
  expect(await status(withClient, 1000)).toBe(200);
});

test('an Envoy without that certificate cannot connect (contour-authserver’s --tls-ca-path), and rejects requests', async () => {
  expect(await status(withClient.replace(/ {4}client(Ca|Cert|Key)File: .*\n/g, ''), 30)).toBe(503);
});
