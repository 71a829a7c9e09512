import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, Locked>>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Where Node would look for a package that another one, installed at `path`, imports. */
function placesOf(name: string, path: string): string[] {
  const folders = path.split('/node_modules/').map((_, index, parts) => parts.slice(0, index + 1));
  return ['', ...folders.map((parts) => `${parts.join('/node_modules/')}/`)].map(
    (folder) => `${folder}node_modules/${name}`,
  );
}

test('every package of the lock file has its hash', () => {
  expect(packages.length).toBeGreaterThan(400);
  const without = packages.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'));
  expect(without.map(([path]) => path)).toEqual([]);
});

test('the lock file names no registry but the public one', () => {
  const hosts = packages.flatMap(([, { resolved }]) =>
    resolved === undefined ? [] : [new URL(resolved).origin],
  );
  expect([...new Set(hosts)].filter((origin) => origin !== 'https://registry.npmjs.org')).toEqual([]);
});

test('the lock file has the builds for every system, not only for the one that wrote it', () => {
  const missing = packages.flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => placesOf(name, path).every((place) => lock.packages[place] === undefined))
      .map((name) => `${name} of ${path}`),
  );
  expect(missing).toEqual([]);
});

/** Requirements of a pip file, without comments, each on one line. */
function requirements(file: string): string[] {
  return readFileSync(join(ROOT, file), 'utf8')
    .replaceAll(/ *\\\n */g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

const name = (requirement: string): string => requirement.split(/[=; ]/)[0]!.toLowerCase();

test('every Python package of the demo is pinned by version and hash', () => {
  const lines = requirements('plugin/demo/requirements.txt');
  expect(lines.length).toBeGreaterThan(30);
  const loose = lines.filter(
    (line) => !/^[\w-]+==[\w.]+( ; [^;]+?)?( --hash=sha256:[0-9a-f]{64})+$/.test(line),
  );
  expect(loose).toEqual([]);
});

test('what the demo asks for is what is pinned', () => {
  const pinned = new Set(
    requirements('plugin/demo/requirements.txt').map((line) => line.split(' ')[0]!.toLowerCase()),
  );
  const asked = requirements('plugin/demo/requirements.in').map((line) =>
    line.split(';')[0]!.trim().toLowerCase(),
  );
  expect(asked.filter((one) => !pinned.has(one))).toEqual([]);
  expect(asked.map(name)).toContain('pyjwt');
});
