import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort, waitForPort } from '../../src/stack/ports.ts';
import { writeCertificate } from '../envoy/a-certificate.ts';
import { BASIC } from '../envoy/stand.ts';
import { aDirectory } from '../support/temp-dir.ts';
import { startWatchedGateway, WAIT, type WatchedGateway } from './watched-gateway.ts';

const certificates = aDirectory();
const renewed = aDirectory();
let gateway: WatchedGateway;

function config(listen: string, tls = ''): string {
  return `
endpoints:
  - { name: studio, domains: [studio.test], upstream: "http://127.0.0.1:1", multiTenant: true, auth: ${BASIC} }
gateway: { listen: "127.0.0.1:${listen}"${tls} }
`;
}

beforeAll(async () => {
  gateway = await startWatchedGateway({ config: config('PORT') });
});
afterAll(async () => {
  await gateway.stop();
  certificates.remove();
  renewed.remove();
});

/** The serial number of the certificate that Envoy shows; undefined if there is none. */
function shown(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber);
      socket.destroy();
    });
    socket.once('error', () => {
      resolve(undefined);
    });
  });
}

const serial = (pem: Buffer): string => new X509Certificate(pem).serialNumber;

test('TLS, a renewed certificate and another port are live without a restart', async () => {
  const first = serial(writeCertificate(certificates.path));
  const [certFile, keyFile] = ['tls.crt', 'tls.key'].map((name) => join(certificates.path, name));
  const tls = `, tls: { certFile: "${certFile}", keyFile: "${keyFile}" }`;
  await gateway.deploy(config('PORT', tls));
  expect(await shown(gateway.port)).toBe(first);

  // As renewal tools do it: files put in place by renaming, while the names stay the same.
  const second = serial(writeCertificate(renewed.path));
  for (const name of ['tls.key', 'tls.crt'])
    renameSync(join(renewed.path, name), join(certificates.path, name));
  expect(second).not.toBe(first);
  await vi.waitUntil(async () => (await shown(gateway.port)) === second, WAIT);

  const port = await freePort();
  await gateway.deploy(config(String(port), tls));
  expect(await waitForPort(port, '127.0.0.1', () => false)).toBe(true);
  expect(await shown(port)).toBe(second);
  expect(readFileSync(join(gateway.directory.path, 'envoy', 'certificate.yaml'), 'utf8')).not.toContain('BEGIN');
});
