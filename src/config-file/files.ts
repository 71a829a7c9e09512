import { isAbsolute, join, relative } from 'node:path';
import { readTextFile, type TextFile } from './read-text-file.ts';

const MAX_MEBIBYTES = 64;

/** The files that a configuration references; each is read once. */
export interface ConfigFiles {
  read(path: string): TextFile;
  /** A file's name for messages: relative if the configuration file was given as a relative path. */
  shown(path: string): string;
  /** Text of the readable files, by absolute path. */
  readonly texts: ReadonlyMap<string, string>;
  /** Absolute paths of all files that were requested, readable or not. */
  readonly paths: readonly string[];
}

/**
 * @param given the configuration file as it was named on the command line
 * @param directory its absolute directory
 */
export function openFiles(given: string, directory: string): ConfigFiles {
  const results = new Map<string, TextFile>();
  const texts = new Map<string, string>();
  return {
    texts,
    get paths() {
      return [...results.keys()];
    },
    read(path) {
      const known = results.get(path);
      if (known !== undefined) return known;
      const result = readTextFile(path, MAX_MEBIBYTES);
      results.set(path, result);
      if (result.ok) texts.set(path, result.text);
      return result;
    },
    shown: (path) => (isAbsolute(given) ? path : join(given, '..', relative(directory, path))),
  };
}
