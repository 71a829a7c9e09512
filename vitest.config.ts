import { configDefaults, defineConfig } from 'vitest/config';

/** ComfyUI's own scripts, which the plugin's page imports. */
export const alias = [
  {
    find: /^\.\.\/\.\.\/scripts\/(app|api)\.js$/,
    replacement: new URL('test/plugin-web/scripts.ts', import.meta.url).pathname,
  },
];

/** Limits that only a test that hangs reaches, however slow and busy the machine is. */
export const patience = {
  testTimeout: 300_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 60_000 } },
};

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // `npm run test:compose` runs these, with a Docker daemon.
    exclude: [...configDefaults.exclude, 'test/compose/**'],
    ...patience,
    // Real Envoys, ComfyUIs and browsers on a small machine: a few at a time, so that none starves.
    maxWorkers: 2,
  },
});
