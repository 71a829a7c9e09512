import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Folder of `src/` → folders that it may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  http: [],
  auth: [],
  files: [],
  errors: [],
  // It judges what it reads by the rules of the parts that will use it; they know its types.
  config: ['auth', 'basic', 'jwt'],
  token: ['auth', 'files'],
  cache: ['auth'],
  basic: ['auth', 'config', 'files'],
  jwt: ['auth', 'config', 'errors', 'http'],
  'ext-authz': ['auth', 'token'],
  envoy: ['auth', 'config'],
  upstreams: ['config', 'http'],
  admin: ['basic', 'ext-authz'],
  local: ['.', 'admin', 'auth', 'config', 'envoy', 'errors', 'files', 'http', 'token', 'upstreams'],
  commands: ['.', 'admin', 'basic', 'config', 'envoy', 'errors', 'files', 'local', 'token'],
  '.': [
    'admin',
    'auth',
    'basic',
    'cache',
    'commands',
    'config',
    'envoy',
    'errors',
    'ext-authz',
    'files',
    'http',
    'jwt',
    'token',
    'upstreams',
  ],
};

const SRC = join(import.meta.dirname, '../src');

function sources(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
}

const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '.') : '.');

/** What a file imports: folders of `src/`, and packages by their names. */
function importsOf(file: string): { folders: string[]; packages: string[] } {
  const text = readFileSync(join(SRC, file), 'utf8');
  const names = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name ?? '');
  const local = names.filter((name) => name.startsWith('.'));
  return {
    folders: local.map((name) => folderOf(relative(SRC, join(SRC, file, '..', name)))),
    packages: names.filter((name) => !name.startsWith('.')),
  };
}

test.each(sources())('%s imports only what the picture of the structure allows', (file) => {
  const folder = folderOf(file);
  const allowed = MAY_IMPORT[folder];
  expect(allowed, `src/${folder} is not in the table of test/imports.test.ts`).toBeDefined();
  for (const other of importsOf(file).folders) expect([folder, ...(allowed ?? [])]).toContain(other);
});

test('auth is pure: it imports no package and nothing of Node', () => {
  const imports = sources().flatMap((file) => (folderOf(file) === 'auth' ? importsOf(file).packages : []));
  expect(imports).toEqual([]);
});
