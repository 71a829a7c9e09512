import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { BCRYPT, configDirectory } from './config-file.ts';

const PAGE = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => text ?? '');

const directory = configDirectory();
beforeAll(() => {
  directory.write('users.htpasswd', `carol:${BCRYPT}\n`);
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

test.each(EXAMPLES.map((text, index) => [index + 1, text] as const))(
  'example %i of docs/configuration.md is valid, without warnings',
  (_, text) => {
    const loaded = directory.load(text);
    expect(loaded.ok ? [] : loaded.faults).toEqual([]);
    // Every list of upstreams has this one.
    expect(loaded.warnings.filter((one) => !one.includes('no failover of live sessions'))).toEqual([]);
  },
);

test('docs/configuration.md has examples and names every key', () => {
  expect(EXAMPLES.length).toBeGreaterThan(4);
  const keys = new Set(keysOf(z.toJSONSchema(configSchema, { io: 'input' }) as Schema));
  expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(PAGE))).toEqual([]);
});
