import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The audit events that were recorded last, for operators. */
export interface AuditTail {
  add(line: string): void;
  /** Lines of JSON that contain the text in any case, the newest first. */
  search(text: string, most: number): string[];
}

const MOST = 5000;
const MOST_BYTES = 2 * 1024 * 1024;

/** A crash can cut off a line. */
function isEvent(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

/** The last lines of the file; none if it cannot be read: then there is nothing to show yet. */
function lastLines(file: string): string[] {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      const from = Math.max(0, size - MOST_BYTES);
      const bytes = Buffer.alloc(size - from);
      readSync(descriptor, bytes, 0, bytes.length, from);
      return bytes.toString('utf8').split('\n').filter(isEvent);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return [];
  }
}

/** @param file the audit file of earlier runs; undefined without one */
export function createAuditTail(file: string | undefined): AuditTail {
  const lines = file === undefined ? [] : lastLines(file).slice(-MOST);
  return {
    add(line) {
      lines.push(line);
      if (lines.length > MOST) lines.shift();
    },
    search(text, most) {
      const wanted = text.toLowerCase();
      const found: string[] = [];
      for (let at = lines.length - 1; at >= 0 && found.length < most; at--) {
        const line = lines[at] ?? '';
        if (line.toLowerCase().includes(wanted)) found.push(line);
      }
      return found;
    },
  };
}
