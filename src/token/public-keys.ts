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

/** @returns whether the file was another ComfyUI's until now */
function write({ file, audience }: PublicKeyFile, keys: readonly SigningKey[]): boolean {
  const earlier = audienceOf(file);
  const text = `${JSON.stringify({ audience, keys: keys.map(({ publicJwk }) => publicJwk) }, null, 2)}\n`;
  if (readIfExists(file) !== text) writeFileAtomically(file, text, { mode: 0o644 });
  return typeof earlier === 'string' && earlier !== audience;
}

function reassigned(file: string): string {
  return (
    `${file} is now for the ComfyUIs of another set of upstreams than before. A ComfyUI that is no longer in the configuration ` +
    'and still reads this file accepts tokens meant for them: stop it, or remove its COMFY_TENANT_KEY_FILE'
  );
}

/**
 * Writes the files that ComfyUI's plugin verifies tokens by: public keys, and the audience that it must insist on.
 * A file that is already right is left alone, so that a read-only folder with the right files is fine.
 *
 * @returns warnings: a file whose audience changes makes every ComfyUI that still reads it accept the new one's tokens
 * @throws Error naming the folder and the remedy
 */
export function publishKeys(files: readonly PublicKeyFile[], keys: readonly SigningKey[]): string[] {
  const [first] = files;
  if (first === undefined) return [];
  const folder = dirname(first.file);
  try {
    if (makeFolder(folder, { mode: 0o755 })) chmodSync(folder, 0o755);
    const all = [...files, ...earlierFiles(folder, files)];
    return all.filter((one) => write(one, keys)).map(({ file }) => reassigned(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Error(
      `comfyui.publicKeyDir: cannot write ComfyUI's ${basename(first.file)} in ${folder} (${code}): ` +
        'use a folder that the service can write to',
      { cause: error },
    );
  }
}
