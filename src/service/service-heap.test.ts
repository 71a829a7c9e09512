import { expect, test } from 'vitest';
import { heapGrowthFlag } from './service-heap.ts';

test.each([
  [10, 400],
  [40, 100],
  [80, 50],
])('with %i MB in use, the heap may grow by 40 MB', (megabytes, percent) => {
  expect(heapGrowthFlag(megabytes * 1024 * 1024)).toBe(`--heap-growing-percent=${percent}`);
});
