import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileTrace } from '../files/file-trace.ts';
import { loadConfig, type LoadedConfig } from './load.ts';

export interface WatchOptions {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The revision currently served; default: the state at the first check. */
  readonly revision?: string;
  /** Called with each new state, valid or not. */
  readonly onChange: (loaded: LoadedConfig) => void;
  /** Stops watching. */
  readonly signal: AbortSignal;
  /** Waits until the next check; default 200 ms. Rejects when the signal aborts. */
  readonly pause?: (signal: AbortSignal) => Promise<unknown>;
}

const POLL_MS = 200;

function pauseForMoment(signal: AbortSignal): Promise<unknown> {
  return sleep(POLL_MS, undefined, { signal, ref: false });
}

/** Identifies a state: an unchanged one is reported only once, a fixed one again. */
function stateOf(loaded: LoadedConfig): string {
  return loaded.ok ? loaded.revision : loaded.faults.join('\n');
}

/**
 * Watches a configuration and every file that it references, until the signal aborts. A change is loaded within a second,
 * once two polls agree, so that half-written files are not read. Polling also detects swapped symbolic links above the
 * file and works on every file system.
 */
export async function watchConfig(options: WatchOptions): Promise<void> {
  const { file, env, revision, onChange, signal, pause = pauseForMoment } = options;
  let files: readonly string[] = [resolve(file)];
  let loadedTrace = '';
  let state = revision;
  const look = (): string => files.map(fileTrace).join('\n');

  function load(): void {
    const before = look();
    const loaded = loadConfig(file, env);
    const named = loaded.files.join('\n') === files.join('\n');
    files = loaded.files;
    // The state before reading, so that a change in between is detected; newly referenced files were read just now.
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
