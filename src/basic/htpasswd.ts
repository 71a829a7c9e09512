import { checkHash } from './password-hash.ts';

interface HtpasswdUser {
  readonly username: string;
  readonly hash: string;
  /** From 1. */
  readonly line: number;
}

export interface LineFinding {
  readonly line: number;
  readonly message: string;
}

export interface Htpasswd {
  /** Users with a valid line, in file order. */
  readonly users: readonly HtpasswdUser[];
  readonly faults: readonly LineFinding[];
  readonly warnings: readonly LineFinding[];
}

// eslint-disable-next-line no-control-regex -- RFC 7617 §2 forbids exactly these.
const CONTROL = /[\x00-\x1f\x7f]/;

/** Why a user name is invalid (RFC 7617 §2), or undefined. */
export function userNameFault(name: string): string | undefined {
  if (name === '') return 'the user name is empty';
  if (name.includes(':')) return 'a user name must not contain a colon: RFC 7617 ends it at the first one';
  if (CONTROL.test(name)) return 'a user name must not contain control characters (RFC 7617)';
  return undefined;
}

/** A user name for messages; hidden if it looks like a hash in the wrong place. */
export function shownName(username: string): string {
  return username.startsWith('$') || username.startsWith('{') ? 'this user' : username;
}

/**
 * Parses the format of Apache's `htpasswd`: `name:hash` lines, empty lines and `#` comments. A line with an error gives no
 * user; for a duplicate name, the first line applies.
 */
export function parseHtpasswd(text: string): Htpasswd {
  const users = new Map<string, HtpasswdUser>();
  const faults: LineFinding[] = [];
  const warnings: LineFinding[] = [];

  function read(content: string, line: number): string | undefined {
    const colon = content.indexOf(':');
    if (colon < 0) return 'must be name:hash; `comfy-tenant user add` writes such a line';
    const username = content.slice(0, colon);
    const hash = content.slice(colon + 1).trimEnd();
    const fault = userNameFault(username);
    if (fault !== undefined) return fault;
    const shown = shownName(username);
    const first = users.get(username);
    if (first !== undefined) return `${shown} is already on line ${first.line}: keep one`;
    const checked = checkHash(hash);
    if (checked.kind === 'refused') return `the password of ${shown} ${checked.why}`;
    if (checked.kind === 'weak') warnings.push({ line, message: `the password of ${shown} ${checked.why}` });
    users.set(username, { username, hash, line });
    return undefined;
  }

  text.split('\n').forEach((raw, index) => {
    const content = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (content.trim() === '' || content.startsWith('#')) return;
    const message = read(content, index + 1);
    if (message !== undefined) faults.push({ line: index + 1, message });
  });
  return { users: [...users.values()], faults, warnings };
}
