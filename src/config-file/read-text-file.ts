import { readFileSync, statSync } from 'node:fs';

export type TextFile =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly reason: 'missing' | 'unreadable' | 'not-utf8';
      /** The first line that is not UTF-8, from 1. */
      readonly line?: number;
      /** For people; follows the file's name. */
      readonly fault: string;
    };

const ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is a file',
  EACCES: 'cannot be read by this user: check its owner and mode',
  EPERM: 'cannot be read by this user: check its owner and mode',
  ELOOP: 'is a symbolic link loop',
};

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The first line that is not UTF-8, from 1. */
function badLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
}

/** Reads a file of UTF-8 text. Failures are returned, not thrown. */
export function readTextFile(path: string, maxMebibytes: number): TextFile {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return { ok: false, reason: 'unreadable', fault: 'is a directory, not a file' };
    if (!stat.isFile()) return { ok: false, reason: 'unreadable', fault: 'is not a regular file' };
    if (stat.size > maxMebibytes * 1024 * 1024)
      return { ok: false, reason: 'unreadable', fault: `is larger than ${maxMebibytes} MiB` };
    const bytes = readFileSync(path);
    if (isUtf8(bytes)) return { ok: true, text: new TextDecoder().decode(bytes) };
    return {
      ok: false,
      reason: 'not-utf8',
      line: badLine(bytes),
      fault: 'is not UTF-8: save the file as UTF-8',
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = code === 'ENOENT' ? 'missing' : 'unreadable';
    return { ok: false, reason, fault: ERRORS[code] ?? `cannot be read (${code})` };
  }
}
