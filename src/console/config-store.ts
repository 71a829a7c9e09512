import { accessSync, constants, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import { FileWriteError } from '../files/file-error.ts';
import { withFileLock } from '../files/file-lock.ts';
import { realFile, writeFileAtomically } from '../files/write-file-atomically.ts';
import { addBackup } from './history.ts';

export interface ConfigStoreOptions {
  /** Absolute path of the configuration file. */
  readonly file: string;
  readonly historyDir: string;
  readonly checkText: (text: string) => LoadedConfig;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface Save {
  /** The text that the author began with. */
  readonly before: string;
  readonly text: string;
  readonly author: string;
  readonly reason: string;
}

export type SaveResult =
  | { readonly kind: 'saved'; readonly revision: string }
  | { readonly kind: 'unchanged' }
  /** The file has changed since the author began. */
  | { readonly kind: 'conflict'; readonly current: string }
  | { readonly kind: 'invalid'; readonly faults: readonly string[] }
  | { readonly kind: 'not-written'; readonly why: string };

/** The configuration file, for people who change it in the console. */
export interface ConfigStore {
  readonly read: () => string;
  /** Whether the file can be replaced: it and its folder are writable. */
  isWritable(): boolean;
  /** Replaces the file if it is still as the author saw it, and keeps the old text. Readers see the old or the new text. */
  save(save: Save): Promise<SaveResult>;
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export function openConfigStore({ file, historyDir, checkText, now }: ConfigStoreOptions): ConfigStore {
  const read = (): string => readFileSync(file, 'utf8');

  function replace({ before, text, author, reason }: Save, revision: string): SaveResult {
    const current = read();
    if (current !== before) return { kind: 'conflict', current };
    const replacedAt = new Date(now()).toISOString();
    const backup = addBackup(historyDir, { replacedAt, author, reason, text: current });
    try {
      writeFileAtomically(file, text);
    } catch (error) {
      if (read() === current) rmSync(backup, { force: true });
      throw error;
    }
    return { kind: 'saved', revision };
  }

  return {
    read,
    isWritable: () => canWrite(file) && canWrite(dirname(realFile(file))),
    async save(save) {
      if (save.text === save.before) return { kind: 'unchanged' };
      const checked = checkText(save.text);
      if (!checked.ok)
        return { kind: 'invalid', faults: checked.faults.map((fault) => checked.conceal(fault)) };
      try {
        return await withFileLock(`${realFile(file)}.lock`, () => replace(save, checked.revision));
      } catch (error) {
        if (error instanceof FileWriteError) return { kind: 'not-written', why: error.message };
        throw error;
      }
    },
  };
}
