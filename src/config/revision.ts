import { createHash } from 'node:crypto';
import type { Config } from './schema.ts';

/**
 * Identifies an effective configuration: the configuration and the text of the files that it references.
 *
 * @param texts by absolute path
 * @returns 12 hex digits of a SHA-256
 */
export function revisionOf(config: Config, texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const [path, text] of [...texts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    hash.update(`\0${path}\0`).update(text);
  }
  return hash.digest('hex').slice(0, 12);
}
