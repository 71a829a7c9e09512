import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

/**
 * Folders of `src/`, from the bottom up, and which of the folders above each may import from, besides itself. No arrow
 * points down the list.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  http: [],
  files: [],
  errors: [],
  pages: [],
  listen: ['files', 'errors'],
  auth: ['http'],
  'config-file': ['http'],
  session: ['http', 'files', 'auth', 'config-file'],
  revocation: ['files', 'auth', 'config-file'],
  basic: ['http', 'files', 'auth', 'config-file', 'session'],
  jwt: ['http', 'errors', 'auth', 'config-file', 'session'],
  'access-token': ['http', 'files', 'auth', 'config-file', 'revocation', 'basic'],
  portal: [
    'http',
    'errors',
    'pages',
    'listen',
    'auth',
    'config-file',
    'session',
    'revocation',
    'access-token',
  ],
  oidc: ['http', 'errors', 'pages', 'auth', 'jwt', 'portal'],
  access: ['auth', 'config-file', 'basic', 'jwt'],
  config: [
    'http',
    'files',
    'auth',
    'config-file',
    'session',
    'revocation',
    'access-token',
    'basic',
    'jwt',
    'portal',
    'access',
  ],
  token: ['http', 'files', 'auth'],
  cache: ['auth'],
  'ext-authz': ['http', 'errors', 'pages', 'listen', 'auth', 'token'],
  envoy: ['http', 'pages', 'jwt', 'config'],
  admin: ['http', 'errors', 'auth', 'basic', 'ext-authz'],
  comfyui: ['http', 'files', 'errors', 'auth', 'config', 'token'],
  console: ['http', 'files', 'pages', 'auth', 'config-file', 'basic', 'jwt', 'portal', 'access', 'config'],
  service: [
    'http',
    'pages',
    'auth',
    'access',
    'config-file',
    'session',
    'revocation',
    'access-token',
    'basic',
    'jwt',
    'config',
    'token',
    'cache',
    'ext-authz',
    'envoy',
    'admin',
    'comfyui',
    'portal',
    'oidc',
    'console',
  ],
  'import-funart': ['http'],
  install: ['files', 'errors'],
  verify: ['http', 'errors', 'config', 'token'],
  deploy: ['http', 'files', 'config', 'envoy', 'install'],
  stack: [
    'http',
    'files',
    'errors',
    'config',
    'envoy',
    'admin',
    'comfyui',
    'service',
    'install',
    'verify',
    'deploy',
  ],
  demo: ['http', 'files', 'errors', 'config', 'install', 'verify', 'stack'],
  commands: [
    'http',
    'files',
    'errors',
    'auth',
    'config-file',
    'session',
    'revocation',
    'access-token',
    'basic',
    'jwt',
    'access',
    'config',
    'token',
    'envoy',
    'admin',
    'comfyui',
    'console',
    'service',
    'import-funart',
    'install',
    'verify',
    'deploy',
    'stack',
    'demo',
  ],
  '.': ['commands'],
};

const SRC = join(import.meta.dirname, '../src');

function sources(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
}

const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '.') : '.');

/** What a file imports: folders of `src/`, and packages by their names. */
function importsOf(file: string): { files: string[]; folders: string[]; packages: string[] } {
  const text = readFileSync(join(SRC, file), 'utf8');
  const names = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name ?? '');
  const local = names.filter((name) => name.startsWith('.'));
  const files = local.map((name) => relative(SRC, join(SRC, file, '..', name)));
  return {
    files: files.filter((name) => name.endsWith('.ts')),
    folders: files.map(folderOf),
    packages: names.filter((name) => !name.startsWith('.')),
  };
}

test.each(sources())('%s imports only the folders that the table allows', (file) => {
  const folder = folderOf(file);
  const allowed = MAY_IMPORT[folder];
  expect(allowed, `src/${folder} is not in the table of test/imports.test.ts`).toBeDefined();
  for (const other of importsOf(file).folders) expect([folder, ...(allowed ?? [])]).toContain(other);
});

test('auth is pure: it imports no package and nothing of Node', () => {
  const imports = sources().flatMap((file) => (folderOf(file) === 'auth' ? importsOf(file).packages : []));
  expect(imports).toEqual([]);
});

test('no arrow of the table points down: a folder imports only folders above it', () => {
  const order = Object.keys(MAY_IMPORT);
  const downward = order.flatMap((folder, at) =>
    (MAY_IMPORT[folder] ?? [])
      .filter((other) => order.indexOf(other) >= at)
      .map((other) => `${folder} → ${other}`),
  );
  expect(downward).toEqual([]);
});

/** The first circle of imports among files that is found from here, or undefined. */
function circleFrom(file: string, path: readonly string[], done: Set<string>): readonly string[] | undefined {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (done.has(file)) return undefined;
  for (const next of importsOf(file).files) {
    const circle = circleFrom(next, [...path, file], done);
    if (circle !== undefined) return circle;
  }
  done.add(file);
  return undefined;
}

test('no file imports itself through others', () => {
  const done = new Set<string>();
  expect(
    sources()
      .map((file) => circleFrom(file, [], done))
      .find((circle) => circle !== undefined),
  ).toBeUndefined();
});
