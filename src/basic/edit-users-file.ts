import { readFileSync } from 'node:fs';
import { codeOf } from '../files/file-error.ts';
import { withFileLock } from '../files/file-lock.ts';
import { realFile, writeFileAtomically } from '../files/write-file-atomically.ts';

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

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Changes a users file in one step or not at all, with its mode and owner kept. A new file is for its owner only
 * (0600). Changes from several processes come one after the other, so that none is lost.
 *
 * @param change the new text, or undefined to leave the file as it is
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
