import { readFileSync } from 'node:fs';
import { codeOf } from '../files/file-error.ts';
import { withFileLock } from '../files/file-lock.ts';
import { realFile, writeFileAtomically } from '../files/write-file-atomically.ts';

/** The lines of a users file with their line endings, so that unchanged lines stay identical. */
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

/** Replaces a user's hash, or appends the user; keeps comments, order and line endings. */
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

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Changes a users file atomically, keeping its mode and owner. A new file gets mode 0600. A lock serializes changes from
 * several processes.
 *
 * @param change the new text, or undefined to leave the file unchanged
 * @returns whether it was changed
 * @throws Error that names the file when it cannot be read or written
 */
export async function changeUsersFile(
  path: string,
  change: (text: string) => string | undefined,
): Promise<boolean> {
  const target = realFile(path);
  return withFileLock(`${target}.lock`, () => {
    const text = change(read(target));
    if (text === undefined) return false;
    writeFileAtomically(target, text);
    return true;
  });
}
