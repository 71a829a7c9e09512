import { configDefaults, defineConfig } from 'vitest/config';
import { alias, patience } from './vitest.config.ts';

/** Tests that need Envoy, ComfyUI, a browser, another program or root, or much time. */
const SLOW = [
  'test/envoy/**',
  'test/end-to-end/**',
  'test/attacks/{fuzz,many-sessions}.test.ts',
  'test/config/fuzz.test.ts',
  'test/compose/**',
  'test/docs/{dashboard,deploy,kubernetes}.test.ts',
  'test/stack/{demo,error-lines,from-0-1,given,read-password,system-errors,tls-errors,verify}.test.ts',
  // Mounts small disks, which needs root.
  'test/files/full-disk.test.ts',
  'src/stack/programs.test.ts',
  // Runs htpasswd.
  'src/basic/verify-password.test.ts',
];

/** Unit tests that replace modules. */
const MOCKING = ['src/jwt/fetch-jwks.test.ts', 'src/basic/no-oracle.test.ts'];

export const exclude = [...configDefaults.exclude, ...SLOW];

/** `npm run test:fast`: all other tests, in under 40 seconds. Unit tests share the modules that they import, which halves their time. */
export default defineConfig({
  test: {
    maxWorkers: 4,
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'units',
          include: ['src/**/*.test.ts'],
          exclude: [...exclude, ...MOCKING],
          isolate: false,
          ...patience,
        },
      },
      {
        resolve: { alias },
        test: { name: 'parts', include: ['test/**/*.test.ts', ...MOCKING], exclude, ...patience },
      },
    ],
  },
});
