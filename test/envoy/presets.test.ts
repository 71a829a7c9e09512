import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRESETS, renderBootstrap } from '../../src/envoy/render.ts';
import { aDirectory, load } from '../a-config.ts';
import { envoyBinary } from './run-envoy.ts';

const FOLDER = join(import.meta.dirname, '../../envoy');
/** Where the example's files are in the image. */
const INSTALLED = '/etc/comfy-tenant';

let directory: ReturnType<typeof aDirectory>;
let example: string;
beforeAll(() => {
  directory = aDirectory();
  const [key, cert] = [join(directory.path, 'tls.key'), join(directory.path, 'tls.crt')];
  const subject = ['-subj', '/CN=comfy.example.com', '-days', '1', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' });
  const text = readFileSync(join(FOLDER, 'example.comfy-tenant.yaml'), 'utf8');
  example = directory.write('comfy-tenant.yaml', text.replaceAll(INSTALLED, directory.path));
});
afterAll(() => {
  directory.remove();
});

test.each(PRESETS)('envoy/%s.yaml is what the example gives; UPDATE=1 writes it', (preset) => {
  const file = join(FOLDER, `${preset}.yaml`);
  const rendered = renderBootstrap(load(example).config, preset).replaceAll(directory.path, INSTALLED);
  if (process.env['UPDATE'] === '1') writeFileSync(file, rendered);
  expect(readFileSync(file, 'utf8')).toBe(rendered);
});

test.each(PRESETS)('the real Envoy takes the preset %s', async (preset) => {
  const file = directory.write(`${preset}.yaml`, renderBootstrap(load(example).config, preset));
  const output = execFileSync(await envoyBinary(), ['--mode', 'validate', '-c', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(output).toContain('OK');
});

test('edge-tls needs a certificate, and says so', () => {
  const { config } = load(example);
  const gateway = { ...config.gateway };
  delete gateway.tls;
  expect(() => renderBootstrap({ ...config, gateway }, 'edge-tls')).toThrow(
    'gateway.tls: the edge-tls preset needs certFile and keyFile',
  );
});
