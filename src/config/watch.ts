import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig, type LoadedConfig } from './load.ts';

export interface WatchOptions {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The revision that is served now; without it, the state at the first look. */
  readonly revision?: string;
  /** Called with each new state, good or faulty. */
  readonly onChange: (loaded: LoadedConfig) => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Waits until the next look; every 200 ms if left out. Rejects when the signal aborts. */
  readonly pause?: (signal: AbortSignal) => Promise<unknown>;
}

const LOOK_EVERY_MS = 200;

function pauseForMoment(signal: AbortSignal): Promise<unknown> {
  return sleep(LOOK_EVERY_MS, undefined, { signal, ref: false });
}

/** Changes whenever a file is written, replaced, or reached through another link, as Kubernetes and editors do. */
function trace(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${realpathSync(path)} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    // A file that cannot be looked at is a state too: loading it says what is wrong.
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}

/** What the watch acts on: the same state is told once, a mended one again. */
function stateOf(loaded: LoadedConfig): string {
  return loaded.ok ? loaded.revision : loaded.faults.join('\n');
}

/**
 * Watches a configuration and every file that it names, until the signal aborts. A change is taken within a second,
 * once the files have kept still for a moment, so that a half-written one is not read. Looks instead of listening:
 * that sees symbolic links swapped above the file and works on every file system.
 */
export async function watchConfig(options: WatchOptions): Promise<void> {
  const { file, env, revision, onChange, signal, pause = pauseForMoment } = options;
  let files: readonly string[] = [resolve(file)];
  let loadedTrace = '';
  let state = revision;
  const look = (): string => files.map(trace).join('\n');

  function load(): void {
    const before = look();
    const loaded = loadConfig(file, env);
    const named = loaded.files.join('\n') === files.join('\n');
    files = loaded.files;
    // Taken before reading, so that a change meanwhile is seen; newly named files were read just now.
    loadedTrace = named ? before : look();
    const next = stateOf(loaded);
    if (state !== undefined && next !== state) onChange(loaded);
    state = next;
  }

  load();
  let lastTrace = loadedTrace;
  for (;;) {
    try {
      await pause(signal);
    } catch {
      return; // Aborted: the pause rejects for no other reason.
    }
    const now = look();
    if (now !== loadedTrace && now === lastTrace) load();
    lastTrace = now;
  }
}
