/** How to fix a file system error; the text follows the file's name. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and try again',
  EDQUOT: 'the disk quota is used up: free some space and try again',
  EACCES: 'this user may not write here: check the owner and mode of the file and its directory',
  EPERM: 'this user may not write here: check the owner and mode of the file and its directory',
  EROFS: 'the file system is read-only: mount it writable, or name a file elsewhere',
  EEXIST: 'a part of its path is a file, not a directory: name another file',
  ENOENT: 'its directory does not exist: create it first',
  ENOTDIR: 'a part of its path is a file, not a directory: name another file',
  EISDIR: 'it is a directory: name a file',
  ELOOP: 'its symbolic links form a loop: name the real file',
  EBUSY:
    'it is a mount point, which cannot be replaced atomically: mount its directory instead of the single file',
  EXDEV:
    'it is a mount point, which cannot be replaced atomically: mount its directory instead of the single file',
  EIO: 'the disk reports an error: check it, and the file',
  EFBIG: 'it would be larger than this process may write: raise the limit (ulimit -f)',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
};

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** A file could not be read. The message has its name and the reason. */
export class FileReadError extends Error {
  override readonly name = 'FileReadError';
}

/** A file could not be written. The message has its name, the reason and the fix. The old content is unchanged. */
export class FileWriteError extends Error {
  override readonly name = 'FileWriteError';
  readonly code: string | undefined;

  constructor(path: string, cause: unknown) {
    const code = codeOf(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = (code === undefined ? undefined : REMEDIES[code]) ?? reason;
    super(`${path}: not written (${code ?? 'error'}), nothing was changed: ${remedy}`, { cause });
    this.code = code;
  }
}
