import { chmodSync } from 'node:fs';
import { formatSigningKeys, makeSigningKey, type SigningKey } from './ed25519-keys.ts';
import { loadTokenKeys, type TokenKeys } from './token-key.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';

/** Puts a new key first and keeps the one that signed until now, so that its tokens stay valid. */
export function rotateTokenKeys(
  file: string,
  [latest]: readonly SigningKey[],
): Extract<TokenKeys, { kind: 'ed25519' }> {
  const kept = latest === undefined ? [] : [latest];
  chmodSync(file, 0o600); // A replaced file keeps its mode.
  writeFileAtomically(file, formatSigningKeys([makeSigningKey(), ...kept]));
  const keys = loadTokenKeys(file);
  if (keys.kind !== 'ed25519') throw new Error(`${file}: was replaced by another process; try again`);
  return keys;
}
