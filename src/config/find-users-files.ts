import { dirname, resolve } from 'node:path';
import { makePathsAbsolute } from './absolute-paths.ts';
import { parseParts } from './parse-parts.ts';
import { readTextFile } from '../config-file/read-text-file.ts';
import type { BasicAuth } from '../basic/basic-schema.ts';
import { parseYaml } from '../config-file/yaml-source.ts';

/** The user list of a BASIC endpoint. */
export interface UserList {
  readonly endpoint: string;
  readonly auth: BasicAuth;
}

const MAX_MEBIBYTES = 4;
const ignore = (): void => undefined;

/**
 * The user lists in a configuration, even if it has errors: the first user is added before the users file exists, and
 * `user add` must also work to replace a plain-text password.
 */
export function findUserLists(file: string, env: Readonly<Record<string, string | undefined>>): UserList[] {
  const path = resolve(file);
  const read = readTextFile(path, MAX_MEBIBYTES);
  const parsed = read.ok ? parseYaml(read.text, env) : undefined;
  if (parsed === undefined || parsed.brokenFromLine !== undefined) return [];
  const diagnostics = { fault: ignore, warn: ignore, faultIn: ignore, warnIn: ignore };
  const parts = parseParts(parsed.source.value, diagnostics, parsed.isUnset);
  makePathsAbsolute(parts, dirname(path));
  return parts.endpoints.flatMap(({ at, endpoint: { name, auth } }) => {
    // Skip endpoints whose usersFile is only a substitute value.
    const isOwn = !parts.isRepaired(['endpoints', at, 'auth', 'usersFile']);
    return auth.method === 'BASIC' && isOwn ? [{ endpoint: name, auth }] : [];
  });
}
