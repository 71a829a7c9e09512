import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { BCRYPT, configDirectory } from './config-file.ts';

const PAGE = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const SIGN_IN = readFileSync(new URL('../../docs/sign-in.md', import.meta.url), 'utf8');

function examplesOf(page: string): string[] {
  return [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => text ?? '');
}

const EXAMPLES = examplesOf(PAGE);
const RECIPES = examplesOf(SIGN_IN);
const ALL = [
  ...EXAMPLES.map((text, index) => ['configuration.md', index + 1, text] as const),
  ...RECIPES.map((text, index) => ['sign-in.md', index + 1, text] as const),
];

const directory = configDirectory();
beforeAll(() => {
  directory.write('users.htpasswd', `carol:${BCRYPT}\n`);
  directory.write('oidc.secret', 'a-client-secret\n');
  mkdirSync(join(directory.path, 'tls'));
  for (const name of ['cert', 'key', 'ca', 'client-cert', 'client-key'])
    directory.write(`tls/${name}.pem`, '-----BEGIN CERTIFICATE-----\n');
});
afterAll(() => {
  directory.remove();
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

function keysOf({ properties = {}, items, anyOf = [], oneOf = [] }: Schema): string[] {
  const inner = [...Object.values(properties), ...anyOf, ...oneOf, ...(items === undefined ? [] : [items])];
  return [...Object.keys(properties), ...inner.flatMap(keysOf)];
}

test.each(ALL)('docs/%s: example %i is valid, without warnings', (_page, _index, text) => {
  const loaded = directory.load(text);
  expect(loaded.ok ? [] : loaded.faults).toEqual([]);
  // Every list of upstreams has this one.
  expect(loaded.warnings.filter((one) => !one.includes('no failover of live sessions'))).toEqual([]);
});

test('docs/sign-in.md has an example and six recipes', () => {
  expect(RECIPES.filter((text) => /signIn: \{ oidc: /.test(text))).toHaveLength(7);
});

test('docs/configuration.md has examples and names every key', () => {
  expect(EXAMPLES.length).toBeGreaterThan(4);
  const keys = new Set(keysOf(z.toJSONSchema(configSchema, { io: 'input' }) as Schema));
  expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(PAGE))).toEqual([]);
});
