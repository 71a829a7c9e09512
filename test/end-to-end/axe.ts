import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core reports of a page or of one element, as `rule: elements`. The page's policy must allow its script. */
export async function violations(page: Page, selector = 'html'): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(
    (within) =>
      (globalThis as unknown as { axe: { run(within: string): Promise<AxeResults> } }).axe.run(within),
    selector,
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}
