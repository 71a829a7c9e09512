import { encodeUserId, parseUserId } from '../auth/user-id.ts';
import { parseHtpasswd, shownName, userNameFault, type LineFinding } from './htpasswd.ts';
import { checkHash } from './password-hash.ts';
import type { BasicAuth } from './basic-schema.ts';
import type { RuleContext } from '../config-file/rule-context.ts';

const FUNART_NAME = /^[A-Za-z][A-Za-z0-9_.-]{11,127}$/;
/** Faults of one file that are said; a wrong file would have one in every line. */
const MOST_SAID = 10;

type Seen = Map<string, string>;
/** User name → password hash. */
type Users = ReadonlyMap<string, string>;

/** What keeps a name from being a user's, or undefined. */
function nameFault(username: string, auth: BasicAuth): string | undefined {
  const fault = userNameFault(username);
  if (fault !== undefined) return fault;
  if (encodeUserId(username, auth.userIdPrefix) === undefined)
    return 'makes a user id of over 200 bytes when percent-encoded: take a shorter name';
  if (auth.policy === 'funart' && !FUNART_NAME.test(username))
    return 'breaks policy funart: 12 to 128 characters, a letter first, then letters, digits, - _ or .';
  return undefined;
}

function checkList(auth: BasicAuth, seen: Seen, { path, findings }: RuleContext): void {
  const hashes = new Map<string, string>();
  auth.users.forEach(({ username, password }, index) => {
    const place = `users[${index}]`;
    const at = [...path, 'users', index];
    const fault = nameFault(username, auth);
    if (fault !== undefined) findings.fault([...at, 'username'], fault);
    const first = seen.get(username);
    if (first === undefined) seen.set(username, place);
    else findings.fault([...at, 'username'], `${shownName(username)} is already ${first}: each user once`);
    const verdict = checkHash(password);
    if (verdict.kind === 'refused') findings.fault([...at, 'password'], verdict.why);
    if (verdict.kind === 'weak')
      findings.fault([...at, 'password'], `${verdict.why} (only a usersFile may hold such)`);
    const same = hashes.get(password);
    const tell = auth.policy === 'funart' ? findings.fault : findings.warn;
    if (same !== undefined)
      tell([...at, 'password'], `is the very hash of ${same}: give each user a password of their own`);
    hashes.set(password, place);
  });
}

function say(
  lines: readonly LineFinding[],
  file: string,
  tell: (place: string, message: string) => void,
): void {
  for (const { line, message } of lines.slice(0, MOST_SAID)) tell(`${file}:${line}`, message);
  if (lines.length > MOST_SAID) tell(file, `${lines.length - MOST_SAID} more lines like these`);
}

/** Returns the users of the users file; undefined if it has errors, so that not all of them are known. */
function checkFile(
  auth: BasicAuth,
  seen: Seen,
  { path, name, files, findings }: RuleContext,
): Users | undefined {
  const { usersFile } = auth;
  if (usersFile === undefined) return new Map();
  const read = files.read(usersFile);
  if (!read.ok && read.line === undefined) {
    const remedy = read.reason === 'missing' ? ': make it with `comfy-tenant user add`' : '';
    findings.fault([...path, 'usersFile'], `${files.shown(usersFile)} ${read.fault}${remedy}`);
    return undefined;
  }
  const file = files.shown(usersFile);
  if (!read.ok) {
    findings.faultIn(`${file}:${read.line ?? 1}`, read.fault);
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
              message: `${shownName(username)} is also ${listed} of the configuration: each user once`,
            },
          ]),
    ];
  });
  say([...faults, ...own], file, findings.faultIn);
  say(warnings, file, findings.warnIn);
  if (seen.size === 0 && faults.length === 0)
    findings.warn(path, `endpoint ${name} has no users yet: everyone gets 401`);
  return faults.length === 0 ? new Map(users.map(({ username, hash }) => [username, hash])) : undefined;
}

/** An operator who is nobody is most likely a misspelt name, or lacks the prefix. */
function checkOperators(auth: BasicAuth, seen: Seen, { path, findings }: RuleContext): void {
  const operators = auth.operators?.users ?? [];
  if (operators.length === 0) return;
  const ids = new Set<string | undefined>(
    [...seen.keys()].map((name) => encodeUserId(name, auth.userIdPrefix)),
  );
  const example = encodeUserId('alice', auth.userIdPrefix) ?? '';
  operators.forEach((user, index) => {
    if (parseUserId(user) === undefined || ids.has(user)) return;
    findings.warn(
      [...path, 'operators', 'users', index],
      `is no user of this endpoint: give the user id as ComfyUI sees it, such as ${example}, or take it out`,
    );
  });
}

/** User list and users file: who can sign in, and that nobody's password is plain, weak or ruinous. */
export function checkBasic(auth: BasicAuth, context: RuleContext): Users {
  const { path, findings } = context;
  const seen: Seen = new Map();
  checkList(auth, seen, context);
  if (auth.usersFile === undefined && auth.users.length === 0) {
    findings.fault(path, 'BASIC needs users or usersFile: `comfy-tenant user add` makes the first one');
  }
  const ofFile = checkFile(auth, seen, context);
  if (ofFile !== undefined) checkOperators(auth, seen, context);
  if (auth.operators?.claim !== undefined)
    findings.fault([...path, 'operators', 'claim'], 'BASIC has no claims: name the operators in users');
  return new Map([
    ...auth.users.map(({ username, password }) => [username, password] as const),
    ...(ofFile ?? []),
  ]);
}
