import { fileURLToPath } from 'node:url';

/** The folder of this package: the one with `plugin/` and `package.json`; the same from `src/` and from `dist/`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));
