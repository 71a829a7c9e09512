import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../files/file-error.ts';
import { makeFolder } from '../files/make-folder.ts';
import { createFileAtomically } from '../files/write-file-atomically.ts';

const backup = z.strictObject({
  number: z.int().positive(),
  replacedAt: z.iso.datetime(),
  author: z.string(),
  reason: z.string(),
  text: z.string(),
});

/** A configuration that was replaced: its text, when, by whom and why. */
export type Backup = z.output<typeof backup>;

const MOST_KEPT = 200;
const NAME = /^([0-9]{1,9})\.json$/;

function numbersIn(directory: string): number[] {
  try {
    const names = readdirSync(directory).flatMap((name) => NAME.exec(name)?.[1] ?? []);
    return names.map(Number).sort((one, other) => other - one);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const fileOf = (directory: string, number: number): string => join(directory, `${number}.json`);

/** One backup; undefined if it does not exist. @throws Error if it is damaged */
export function readBackup(directory: string, number: number): Backup | undefined {
  const file = fileOf(directory, number);
  try {
    return backup.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Error(`${file}: is damaged: remove it`, { cause: error });
  }
}

/** The kept backups, the latest first; damaged ones are left out. */
export function listBackups(directory: string): Backup[] {
  return numbersIn(directory).flatMap((number) => {
    try {
      return readBackup(directory, number) ?? [];
    } catch {
      return [];
    }
  });
}

/** Keeps a configuration, readable by its owner only. @returns its file @throws FileWriteError */
export function addBackup(directory: string, entry: Omit<Backup, 'number'>): string {
  makeFolder(directory, { mode: 0o700 });
  const numbers = numbersIn(directory);
  for (let number = (numbers[0] ?? 0) + 1; ; number++) {
    const file = fileOf(directory, number);
    if (!createFileAtomically(file, `${JSON.stringify({ number, ...entry })}\n`)) continue;
    for (const old of numbers.slice(MOST_KEPT - 1)) rmSync(fileOf(directory, old), { force: true });
    return file;
  }
}
