import { configDefaults, defineConfig } from 'vitest/config';

/** ComfyUI's own scripts, which the plugin's page imports. */
export const alias = [
  {
    find: /^\.\.\/\.\.\/scripts\/(app|api)\.js$/,
    replacement: new URL('test/plugin-web/scripts.ts', import.meta.url).pathname,
  },
];

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // `npm run test:compose` runs these, with a Docker daemon.
    exclude: [...configDefaults.exclude, 'test/compose/**'],
    testTimeout: 30_000,
    hookTimeout: 180_000,
    // Real Envoys, ComfyUIs and browsers on a small machine: a few at a time, so that none starves.
    maxWorkers: 2,
  },
});
