import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf, FileWriteError } from './file-error.ts';

export interface WriteOptions {
  /** Mode of a new file, regardless of the umask; an existing file keeps its mode. */
  readonly mode?: number;
}

const OWNER_ONLY = 0o600;
const MAX_LINKS = 40;
/** Error codes of file systems that cannot sync a directory; ignored. */
const NO_DIRECTORY_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES', 'EBADF']);

/** Error codes of file systems without hard links; there, the last of several processes wins. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function existing(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** The target of symbolic links, which need not exist yet. @throws Error with code ELOOP */
export function realFile(path: string, links = 0): string {
  const named = join(realpathSync(dirname(resolve(path))), basename(path));
  if (lstatSync(named, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return named;
  if (links >= MAX_LINKS) throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' });
  return realFile(resolve(dirname(named), readlinkSync(named)), links + 1);
}

/** Copies owner and mode of the old file; mode last, because chown clears some bits. */
function keepRights(descriptor: number, before: Stats | undefined, mode: number): void {
  if (before !== undefined) {
    const { uid, gid } = fstatSync(descriptor);
    if (uid !== before.uid || gid !== before.gid) fchownSync(descriptor, before.uid, before.gid);
  }
  fchmodSync(descriptor, before === undefined ? mode : before.mode & 0o777);
}

/** Writes and syncs a temporary file next to the target. */
function writeBeside(
  target: string,
  content: string | Uint8Array,
  rights: { before: Stats | undefined; mode: number },
): string {
  const path = join(dirname(target), `.comfy-tenant-${randomBytes(8).toString('hex')}.tmp`);
  const descriptor = openSync(path, 'wx', OWNER_ONLY);
  let open = true;
  try {
    keepRights(descriptor, rights.before, rights.mode);
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
    open = false;
    closeSync(descriptor); // Some network file systems report a full disk only here.
    return path;
  } catch (error) {
    if (open) closeSync(descriptor);
    rmSync(path, { force: true });
    throw error;
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } catch (error) {
    if (!NO_DIRECTORY_SYNC.has(codeOf(error) ?? '')) throw error;
  } finally {
    closeSync(directory);
  }
}

function tried<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof FileWriteError ? error : new FileWriteError(path, error);
  }
}

/**
 * Replaces a file atomically: readers see the old content or the new one, never a part, even after a crash or on a full
 * disk. Follows symbolic links; keeps mode, owner and group of an existing file.
 *
 * @throws FileWriteError with the file's name, the reason and the fix
 */
export function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  { mode = OWNER_ONLY }: WriteOptions = {},
): void {
  tried(path, () => {
    const target = realFile(path);
    const before = existing(target);
    if (before?.isDirectory() === true) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (before !== undefined && !before.isFile()) throw new Error('it is not a regular file: name another');
    const complete = writeBeside(target, content, { before, mode });
    try {
      renameSync(complete, target);
    } catch (error) {
      rmSync(complete, { force: true });
      throw error;
    }
    syncDirectory(target);
  });
}

/**
 * Creates a new file atomically, with its complete content.
 *
 * @returns false, with nothing changed, if the path already exists
 * @throws FileWriteError with the file's name, the reason and the fix
 */
export function createFileAtomically(
  path: string,
  content: string | Uint8Array,
  { mode = OWNER_ONLY }: WriteOptions = {},
): boolean {
  return tried(path, () => {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
    const complete = writeBeside(resolve(path), content, { before: undefined, mode });
    try {
      linkSync(complete, path); // Unlike rename, never replaces an existing file.
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
      renameSync(complete, path);
    } finally {
      rmSync(complete, { force: true });
    }
    syncDirectory(resolve(path));
    return true;
  });
}
