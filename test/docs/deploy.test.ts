import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { createMetrics } from '../../src/admin/metrics.ts';
import { loadConfig } from '../../src/config/load.ts';
import { renderBootstrap } from '../../src/envoy/render.ts';
import { aDirectory } from '../a-config.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

test('Prometheus takes its configuration and the alerts', () => {
  const output = execFileSync(
    'promtool',
    ['check', 'config', join(ROOT, 'deploy/prometheus/prometheus.yml')],
    {
      encoding: 'utf8',
    },
  );
  expect(output).toContain('SUCCESS');
});

test('every metric of an alert exists', async () => {
  const { registry } = createMetrics();
  const text = await registry.metrics();
  const named = [...read('deploy/prometheus/alerts.yml').matchAll(/comfy_tenant_[a-z_]+/g)].map(
    ([name]) => name,
  );
  expect(named.length).toBeGreaterThan(4);
  for (const name of named) expect(text).toContain(name.replace(/_bucket$/, ''));
});

test.each([
  ['Dockerfile', /^COPY (?!--from)(.+) \S+$/gm],
  ['deploy/comfyui/Dockerfile', /^COPY (.+) \S+$/gm],
])('%s copies what is there', (file, copies) => {
  const sources = [...read(file).matchAll(copies)].flatMap(([, names = '']) => names.split(' '));
  expect(sources.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  expect(sources.length).toBeGreaterThan(0);
});

interface Composition {
  services: Record<
    string,
    { build?: string | { dockerfile?: string }; volumes?: string[]; networks?: string[] }
  >;
}

test('the composition names files that are there, and keeps ComfyUI inside', () => {
  const { services } = parse(read('docker-compose.yml')) as Composition;
  expect(Object.keys(services).toSorted()).toEqual(['authz', 'bootstrap', 'comfyui', 'envoy', 'prometheus']);
  const mounts = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.map((volume) => volume.split(':')[0] ?? ''),
  );
  for (const path of mounts.filter((mount) => mount.startsWith('./')))
    expect(existsSync(join(ROOT, path))).toBe(true);
  expect(services['comfyui']?.networks).toEqual(['inside']);
});

test("the composition's configuration is good, and Envoy's bootstrap can be rendered from it", () => {
  const directory = aDirectory();
  directory.write('users.htpasswd', read('deploy/compose/users.htpasswd'));
  const loaded = loadConfig(
    directory.write('comfy-tenant.yaml', read('deploy/compose/comfy-tenant.yaml')),
    {},
  );
  directory.remove();
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  expect(renderBootstrap(loaded.config, 'gateway')).toContain('address: comfyui');
});

test('the Kubernetes manifest is YAML of the kinds that it says', () => {
  const documents = parseAllDocuments(read('deploy/kubernetes/sidecar.yaml'));
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  expect(documents.map((document) => (document.toJS() as { kind: string }).kind)).toEqual([
    'Deployment',
    'Service',
    'NetworkPolicy',
  ]);
});
