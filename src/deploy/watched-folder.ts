import { join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import type { Config } from '../config/schema.ts';
import type { Preset } from '../envoy/rendering.ts';
import type { Revisions } from '../envoy/revision-host.ts';
import { renderStage, type Stage } from '../envoy/stage.ts';

export interface WatchedFolder {
  /** Replaces the files that differ. Returns the revisions by which Envoy tells that it uses them. @throws FileWriteError */
  write(stage: Stage): Revisions;
}

export interface WatchedFolderOptions {
  readonly path: string;
  readonly presetOf: (config: Config) => Preset;
  readonly asEnvoyNamesIt: string;
}

/** Not secret: Envoy may run as another user. */
const MODE = 0o644;

/** The folder with the files that Envoy watches. */
export function openWatchedFolder(options: WatchedFolderOptions): WatchedFolder {
  const { path, presetOf, asEnvoyNamesIt } = options;
  const written = new Map<string, string>();
  return {
    write(stage) {
      makeFolder(path);
      const { files, revisions } = renderStage(stage, {
        preset: presetOf(stage.config),
        folder: asEnvoyNamesIt,
      });
      for (const [name, text] of files) {
        if (written.get(name) === text) continue;
        writeFileAtomically(join(path, name), text, { mode: MODE });
        written.set(name, text);
      }
      return revisions;
    },
  };
}
