import { configDefaults, defineConfig } from 'vitest/config';
import { alias, patience } from './vitest.config.ts';

/** `npm run test:fast`: what needs no Envoy, no ComfyUI, no browser, no other program and no root, in under 40 seconds. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      'test/envoy/**',
      'test/end-to-end/**',
      'test/attacks/fuzz.test.ts',
      'test/config/fuzz.test.ts',
      'test/compose/**',
      'test/docs/{deploy,kubernetes}.test.ts',
      'test/stack/{demo,error-lines,from-0-1,given,read-password,system-errors,tls-errors,verify}.test.ts',
      // Mounts small disks, which needs root.
      'test/files/full-disk.test.ts',
      'src/stack/programs.test.ts',
      // Runs htpasswd.
      'src/basic/verify-password.test.ts',
    ],
    ...patience,
  },
});
