import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';

/** The lines of a users file, with their endings, so that what is not changed stays to the byte. */
function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/);
}

function nameOf(line: string): string | undefined {
  const colon = line.indexOf(':');
  return line.startsWith('#') || colon < 0 ? undefined : line.slice(0, colon);
}

export function hasUser(text: string, username: string): boolean {
  return linesOf(text).some((line) => nameOf(line) === username);
}

/** Puts a user's hash in the place of the old one, or at the end; comments, order and line endings stay. */
export function withUser(text: string, username: string, hash: string): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const line = `${username}:${hash}${ending}`;
  if (hasUser(text, username)) {
    return linesOf(text)
      .map((old) => (nameOf(old) === username ? line : old))
      .join('');
  }
  return `${text}${text === '' || text.endsWith('\n') ? '' : ending}${line}`;
}

export function withoutUser(text: string, username: string): string {
  return linesOf(text)
    .filter((line) => nameOf(line) !== username)
    .join('');
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function openNew(path: string, mode: number): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new Error(`${path}: another change is under way; if not, delete this file and try again`, {
      cause: error,
    });
  }
}

/** The file behind symbolic links, with its mode and owner; undefined when it is not there. */
function existing(path: string) {
  try {
    const target = realpathSync(path);
    return { target, stat: statSync(target), text: readFileSync(target, 'utf8') };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function keepRights(path: string, { mode, uid, gid }: Stats): void {
  chmodSync(path, mode & 0o777);
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}

/**
 * Changes a users file at once or not at all: the new text is written beside it and then renamed over it, with its mode
 * and owner kept. A new file is for its owner only (0600). Two changes at a time are not lost: the second is refused.
 *
 * @param change the new text, or undefined to leave the file as it is
 * @returns whether it was changed
 * @throws Error that names the file when it cannot be read or written
 */
export function changeUsersFile(path: string, change: (text: string) => string | undefined): boolean {
  const target = existing(path)?.target ?? path;
  const fresh = `${target}.new`;
  const descriptor = openNew(fresh, 0o600);
  try {
    // Read only now that nobody else changes it.
    const before = existing(path);
    const text = change(before?.text ?? '');
    if (text === undefined) {
      rmSync(fresh);
      return false;
    }
    writeSync(descriptor, text);
    fsyncSync(descriptor);
    if (before !== undefined) keepRights(fresh, before.stat);
    renameSync(fresh, target);
    return true;
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
