import { encodeUserId, parseUserId } from '../auth/user-id.ts';
import { parseHtpasswd, shownName, userNameFault, type LineFinding } from './htpasswd.ts';
import { checkHash } from './password-hash.ts';
import type { BasicAuth } from './basic-schema.ts';
import type { RuleContext } from '../config-file/rule-context.ts';

const FUNART_NAME = /^[A-Za-z][A-Za-z0-9_.-]{11,127}$/;
/** Limit of reported errors per file; the wrong file would have one on every line. */
const MAX_REPORTED = 10;

type Seen = Map<string, string>;
/** User name → password hash. */
type Users = ReadonlyMap<string, string>;

/** Why a user name is invalid, or undefined. */
function nameFault(username: string, auth: BasicAuth): string | undefined {
  const fault = userNameFault(username);
  if (fault !== undefined) return fault;
  if (encodeUserId(username, auth.userIdPrefix) === undefined)
    return 'gives a user id of over 200 bytes when percent-encoded: use a shorter name';
  if (auth.policy === 'funart' && !FUNART_NAME.test(username))
    return 'violates policy funart: 12 to 128 characters, a letter first, then letters, digits, - _ or .';
  return undefined;
}

function checkList(auth: BasicAuth, seen: Seen, { path, diagnostics }: RuleContext): void {
  const hashes = new Map<string, string>();
  auth.users.forEach(({ username, password }, index) => {
    const place = `users[${index}]`;
    const at = [...path, 'users', index];
    const fault = nameFault(username, auth);
    if (fault !== undefined) diagnostics.fault([...at, 'username'], fault);
    const first = seen.get(username);
    if (first === undefined) seen.set(username, place);
    else
      diagnostics.fault(
        [...at, 'username'],
        `${shownName(username)} duplicates ${first}: list each user only once`,
      );
    const checked = checkHash(password);
    if (checked.kind === 'refused') diagnostics.fault([...at, 'password'], checked.why);
    if (checked.kind === 'weak')
      diagnostics.fault([...at, 'password'], `${checked.why} (allowed only in a usersFile)`);
    const same = hashes.get(password);
    const report = auth.policy === 'funart' ? diagnostics.fault : diagnostics.warn;
    if (same !== undefined)
      report([...at, 'password'], `duplicates the hash of ${same}: every user needs a different password`);
    hashes.set(password, place);
  });
}

function reportLines(
  lines: readonly LineFinding[],
  file: string,
  report: (place: string, message: string) => void,
): void {
  for (const { line, message } of lines.slice(0, MAX_REPORTED)) report(`${file}:${line}`, message);
  if (lines.length > MAX_REPORTED) report(file, `${lines.length - MAX_REPORTED} more lines like these`);
}

/** Returns the users of the users file; undefined if it has errors, so that not all of them are known. */
function checkFile(
  auth: BasicAuth,
  seen: Seen,
  { path, name, files, diagnostics }: RuleContext,
): Users | undefined {
  const { usersFile } = auth;
  if (usersFile === undefined) return new Map();
  const read = files.read(usersFile);
  if (!read.ok && read.line === undefined) {
    const remedy = read.reason === 'missing' ? ': create it with `comfy-tenant user add`' : '';
    diagnostics.fault([...path, 'usersFile'], `${files.shown(usersFile)} ${read.fault}${remedy}`);
    return undefined;
  }
  const file = files.shown(usersFile);
  if (!read.ok) {
    diagnostics.faultIn(`${file}:${read.line ?? 1}`, read.fault);
    return undefined;
  }
  const { users, faults, warnings } = parseHtpasswd(read.text);
  const own = users.flatMap(({ username, line }): LineFinding[] => {
    const message = nameFault(username, auth);
    const listed = seen.get(username);
    seen.set(username, `${file}:${line}`);
    return [
      ...(message === undefined ? [] : [{ line, message: `${shownName(username)} ${message}` }]),
      ...(listed === undefined
        ? []
        : [
            {
              line,
              message: `${shownName(username)} is also ${listed} in the configuration: list each user only once`,
            },
          ]),
    ];
  });
  reportLines([...faults, ...own], file, diagnostics.faultIn);
  reportLines(warnings, file, diagnostics.warnIn);
  if (seen.size === 0 && faults.length === 0)
    diagnostics.warn(path, `endpoint ${name} has no users yet: everyone gets 401`);
  return faults.length === 0 ? new Map(users.map(({ username, hash }) => [username, hash])) : undefined;
}

/** An operator who is not a user is most likely misspelt or lacks the prefix. */
function checkOperators(auth: BasicAuth, seen: Seen, { path, diagnostics }: RuleContext): void {
  const operators = auth.operators?.users ?? [];
  if (operators.length === 0) return;
  const ids = new Set<string | undefined>(
    [...seen.keys()].map((name) => encodeUserId(name, auth.userIdPrefix)),
  );
  const example = encodeUserId('alice', auth.userIdPrefix) ?? '';
  operators.forEach((user, index) => {
    if (parseUserId(user) === undefined || ids.has(user)) return;
    diagnostics.warn(
      [...path, 'operators', 'users', index],
      `is not a user of this endpoint: give the user id as ComfyUI sees it, such as ${example}, or remove it`,
    );
  });
}

/**
 * Checks the user list and the users file: names are valid and unique, hashes are neither plain text, weak nor too
 * expensive.
 *
 * @returns user name → password hash; complete if no error was reported
 */
export function checkBasic(auth: BasicAuth, context: RuleContext): Users {
  const { path, diagnostics } = context;
  const seen: Seen = new Map();
  checkList(auth, seen, context);
  if (auth.usersFile === undefined && auth.users.length === 0) {
    diagnostics.fault(path, 'BASIC needs users or usersFile: `comfy-tenant user add` creates the first one');
  }
  const ofFile = checkFile(auth, seen, context);
  if (ofFile !== undefined) checkOperators(auth, seen, context);
  if (auth.operators?.claim !== undefined)
    diagnostics.fault([...path, 'operators', 'claim'], 'BASIC has no claims: list the operators in users');
  return new Map([
    ...auth.users.map(({ username, password }) => [username, password] as const),
    ...(ofFile ?? []),
  ]);
}
