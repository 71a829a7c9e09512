import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/compose/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // One composition after the other, each test after the previous one.
    fileParallelism: false,
  },
});
