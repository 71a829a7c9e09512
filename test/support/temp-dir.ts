import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';

/** A directory for the files of a test; removed by `remove`. */
export function aDirectory(): { path: string; write(name: string, text: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'comfy-tenant-'));
  return {
    path,
    write(name, text) {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
    remove() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Loads a configuration that must be good. */
export function load(file: string): Extract<LoadedConfig, { ok: true }> {
  const loaded = loadConfig(file, {});
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  return loaded;
}
