import { realpathSync, statSync } from 'node:fs';
import { codeOf } from './file-error.ts';

/** Changes whenever a file is written, replaced, or its path leads elsewhere, as with Kubernetes and editors. */
export function fileTrace(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${realpathSync(path)} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    // An inaccessible file is a state too: reading it reports the error.
    return codeOf(error) ?? 'unreadable';
  }
}
