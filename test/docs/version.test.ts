import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

/** Where else the version is written, and how often. */
const PLACES: readonly [file: string, pattern: RegExp, count: number][] = [
  ['package-lock.json', /^ {2,6}"version": "([^"]+)"/gm, 2],
  ['plugin/pyproject.toml', /^version = "([^"]+)"/gm, 1],
  ['plugin/comfyui_tenant/__init__.py', /^VERSION = "([^"]+)"/gm, 1],
  ['docker-compose.yml', /image: comfy-tenant:(\S+)/g, 1],
  ['deploy/kubernetes/sidecar.yaml', /image: comfy-tenant:(\S+)/g, 2],
  ['Dockerfile', /-t comfy-tenant:(\S+)/g, 1],
  ['README.md', /ok {2}plugin (\S+)/g, 1],
];

test.each(PLACES)('%s has the version of package.json', (file, pattern, count) => {
  const found = [...read(file).matchAll(pattern)].slice(0, count).map(([, written]) => written);
  expect(found).toEqual(Array.from({ length: count }, () => version));
});

test('every image of comfy-tenant is tagged with the version', () => {
  for (const file of ['docker-compose.yml', 'deploy/kubernetes/sidecar.yaml']) {
    const tags = [...read(file).matchAll(/\bcomfy-tenant:(\d\S*)/g)].map(([, tag]) => tag);
    expect(new Set(tags)).toEqual(new Set([version]));
  }
});
