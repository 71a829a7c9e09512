import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, with `plugin/` and `package.json`; correct from both `src/` and `dist/`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
