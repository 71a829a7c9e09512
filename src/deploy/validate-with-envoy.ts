import { join } from 'node:path';
import { rmSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { renderBootstrap } from '../envoy/render.ts';
import type { Preset } from '../envoy/rendering.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { lastLines, runProgram, type Env } from '../install/run-program.ts';

export interface EnvoyValidation {
  /** Path of Envoy's program. */
  readonly envoy: string;
  readonly preset: Preset;
  /** Where the candidate is written. */
  readonly folder: string;
  readonly env: Env;
}

/** Has the real Envoy check what a configuration renders. Returns its reason to reject it. */
export async function validateWithEnvoy(
  config: Config,
  { envoy, preset, folder, env }: EnvoyValidation,
): Promise<string | undefined> {
  const file = join(folder, 'candidate.yaml');
  writeFileAtomically(file, renderBootstrap(config, preset));
  try {
    const args = ['--mode', 'validate', '-c', file, '--reject-unknown-dynamic-fields', '-l', 'error'];
    const { code, stderr } = await runProgram(envoy, args, { env });
    return code === 0 ? undefined : `Envoy rejects it: ${lastLines(stderr, 2).join(' ')}`;
  } finally {
    rmSync(file, { force: true });
  }
}
