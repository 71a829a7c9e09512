import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import type { SigningKey } from './ed25519-keys.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { readIfExists } from '../files/private-file.ts';

/** A file for the ComfyUIs that accept one audience. */
export interface PublicKeyFile {
  readonly file: string;
  readonly audience: string;
}

const OURS = /^comfyui(-[a-z0-9-]+)?\.json$/;

function audienceOf(file: string): unknown {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { audience?: unknown } | null)?.audience;
  } catch {
    return undefined;
  }
}

/** Files under earlier names whose ComfyUI still exists: it may read that name until its operator changes it. */
function earlierFiles(folder: string, files: readonly PublicKeyFile[]): PublicKeyFile[] {
  const names = readdirSync(folder).filter((name) => OURS.test(name));
  return names.flatMap((name) => {
    const file = join(folder, name);
    if (files.some((one) => one.file === file)) return [];
    const audience = audienceOf(file);
    const current = files.find((one) => one.audience === audience);
    return current === undefined ? [] : [{ file, audience: current.audience }];
  });
}

function write({ file, audience }: PublicKeyFile, keys: readonly SigningKey[]): void {
  const text = `${JSON.stringify({ audience, keys: keys.map(({ publicJwk }) => publicJwk) }, null, 2)}\n`;
  if (readIfExists(file) !== text) writeFileAtomically(file, text, { mode: 0o644 });
}

/**
 * Writes the files that ComfyUI's plugin verifies tokens by: public keys, and the audience that it must insist on.
 * A file that is already right is left alone, so that a read-only folder with the right files is fine.
 *
 * @throws Error naming the folder and the remedy
 */
export function publishKeys(files: readonly PublicKeyFile[], keys: readonly SigningKey[]): void {
  const [first] = files;
  if (first === undefined) return;
  const folder = dirname(first.file);
  try {
    if (makeFolder(folder, { mode: 0o755 })) chmodSync(folder, 0o755);
    for (const one of [...files, ...earlierFiles(folder, files)]) write(one, keys);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Error(
      `comfyui.publicKeyDir: cannot write ComfyUI's ${basename(first.file)} in ${folder} (${code}): ` +
        'use a folder that the service can write to',
      { cause: error },
    );
  }
}
