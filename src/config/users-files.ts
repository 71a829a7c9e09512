import { dirname, resolve } from 'node:path';
import { makePathsAbsolute } from './absolute-paths.ts';
import { parseParts } from './parse-parts.ts';
import { readTextFile } from './read-text-file.ts';
import type { BasicAuth } from './schema.ts';
import { parseYaml } from './yaml-source.ts';

/** The user list of a BASIC endpoint. */
export interface UserList {
  readonly endpoint: string;
  readonly auth: BasicAuth;
}

const MAX_MEBIBYTES = 4;
const ignore = (): void => undefined;

/**
 * The user lists that a configuration names, faulty or not: the first user is added before a users file exists, and one
 * with a plain password is mended through here.
 */
export function findUserLists(file: string, env: Readonly<Record<string, string | undefined>>): UserList[] {
  const path = resolve(file);
  const read = readTextFile(path, MAX_MEBIBYTES);
  const parsed = read.ok ? parseYaml(read.text, env) : undefined;
  if (parsed?.ok !== true) return [];
  const parts = parseParts(parsed.source.value, {
    fault: ignore,
    warn: ignore,
    faultIn: ignore,
    warnIn: ignore,
  });
  makePathsAbsolute(parts, dirname(path));
  return parts.endpoints.flatMap(({ endpoint: { name, auth } }) =>
    auth.method === 'BASIC' ? [{ endpoint: name, auth }] : [],
  );
}
