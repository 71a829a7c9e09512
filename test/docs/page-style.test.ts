import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGE_CSS } from '../../src/pages/page.ts';

const FILE = join(import.meta.dirname, '../../plugin/comfyui_tenant/page.css');

test("the plugin's pages look like the gateway's", () => {
  if (process.env['UPDATE'] !== undefined) writeFileSync(FILE, `${PAGE_CSS}\n`);
  expect(readFileSync(FILE, 'utf8')).toBe(`${PAGE_CSS}\n`);
});
