import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRESETS, renderBootstrap, type Preset } from '../../src/envoy/render.ts';
import { aDirectory, load } from '../a-config.ts';
import { writeCertificate } from './a-certificate.ts';
import { envoyBinary } from './run-envoy.ts';

const FOLDER = join(import.meta.dirname, '../../envoy');
/** Where the example's files are in the image. */
const INSTALLED = '/etc/comfy-tenant';

let directory: ReturnType<typeof aDirectory>;
beforeAll(() => {
  directory = aDirectory();
  writeCertificate(directory.path);
  directory.write('users.htpasswd', 'alice:$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2\n');
});
afterAll(() => {
  directory.remove();
});

function example(preset: Preset) {
  const name = `${preset === 'edge-tls' ? preset : 'gateway'}.comfy-tenant.yaml`;
  const text = readFileSync(join(FOLDER, name), 'utf8');
  return load(directory.write(name, text.replaceAll(INSTALLED, directory.path))).config;
}

test.each(PRESETS)('envoy/%s.yaml is what the example gives; UPDATE=1 writes it', (preset) => {
  const file = join(FOLDER, `${preset}.yaml`);
  const rendered = renderBootstrap(example(preset), preset).replaceAll(directory.path, INSTALLED);
  if (process.env['UPDATE'] === '1') writeFileSync(file, rendered);
  expect(readFileSync(file, 'utf8')).toBe(rendered);
});

test.each(PRESETS)('the real Envoy takes the preset %s', async (preset) => {
  const file = directory.write(`${preset}.yaml`, renderBootstrap(example(preset), preset));
  const output = execFileSync(await envoyBinary(), ['--mode', 'validate', '-c', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(output).toContain('OK');
});

test('the real Envoy takes ComfyUIs behind TLS, by name and by address', async () => {
  const config = example('gateway');
  const [endpoint] = config.endpoints;
  if (endpoint !== undefined) endpoint.upstream = ['https://a.example.com', 'https://[::1]:8443'];
  const rendered = renderBootstrap(config, 'gateway');
  expect(rendered).toMatch(/san_type: "DNS"\n +matcher:\n +exact: "a.example.com"/);
  expect(rendered).toMatch(/san_type: "IP_ADDRESS"\n +matcher:\n +exact: "::1"/);
  const file = directory.write('tls-upstream.yaml', rendered);
  execFileSync(await envoyBinary(), ['--mode', 'validate', '-c', file], { stdio: 'ignore' });
});

test('edge-tls needs a certificate, and says so', () => {
  expect(() => renderBootstrap(example('gateway'), 'edge-tls')).toThrow(
    'gateway.tls: the edge-tls preset needs certFile and keyFile',
  );
});
