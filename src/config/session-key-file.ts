import { dirname, join } from 'node:path';
import type { Config } from './schema.ts';

/** The file with the keys of sessions: `session.keyFile`, or `session.keys` next to the key that signs tokens. */
export function sessionKeyFile({ session, comfyui }: Pick<Config, 'session' | 'comfyui'>): string {
  return session.keyFile ?? join(dirname(comfyui.tokenKeyFile), 'session.keys');
}
