import { chmodSync } from 'node:fs';
import { readOrCreatePrivateFile } from '../files/private-file.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { formatSessionKeys, makeSessionKey, parseSessionKeys } from './session-keys.ts';

/** Puts a new key first and keeps the one that signed until now, so that its sessions stay valid. Returns the new key's id. */
export function rotateSessionKeys(file: string): string {
  const [latest] = parseSessionKeys(
    readOrCreatePrivateFile(file, () => formatSessionKeys([makeSessionKey()])),
    file,
  );
  const next = makeSessionKey();
  chmodSync(file, 0o600); // A replaced file keeps its mode.
  writeFileAtomically(file, formatSessionKeys([next, latest]));
  return next.kid;
}
