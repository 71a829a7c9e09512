import { join } from 'node:path';
import { ensureEnvoy, sizeOf, type Envoy } from '../install/ensure-envoy.ts';
import { PACKAGE_ROOT } from '../install/package-root.ts';
import { megabytes } from '../files/megabytes.ts';
import type { UpContext } from './stack.ts';

export const TOOLS = join(PACKAGE_ROOT, '.tools');

/** Finds or downloads Envoy, and prints a line about it. @throws StartError */
export async function getEnvoy({ env, signal, progress }: UpContext): Promise<Envoy> {
  const startedAt = Date.now();
  const report = (note: string): void => {
    progress.busy('Envoy', note);
  };
  const envoy = await ensureEnvoy({ env, toolsFolder: TOOLS, report, signal });
  const note = {
    ENVOY_BIN: 'from ENVOY_BIN',
    'the PATH': 'from the PATH',
    kept: 'kept in .tools',
    downloaded: `${megabytes(sizeOf(envoy))}, checked`,
  }[envoy.from];
  progress.done(`Envoy ${envoy.version}`, note, Date.now() - startedAt);
  return envoy;
}
