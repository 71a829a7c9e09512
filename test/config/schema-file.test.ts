import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';

const FILE = new URL('../../comfy-tenant.schema.json', import.meta.url);

/** For editors: the schema of the file as written, before defaults and durations. */
function generate(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return `${JSON.stringify({ title: 'comfy-tenant.yaml', ...schema }, null, 2)}\n`;
}

test('comfy-tenant.schema.json matches the schema; UPDATE=1 writes it', () => {
  if (process.env['UPDATE'] === '1') writeFileSync(FILE, generate());
  expect(readFileSync(FILE, 'utf8')).toBe(generate());
});
