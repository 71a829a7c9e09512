import { fileTrace } from './file-trace.ts';

const POLL_MS = 200;

/**
 * Calls back after a file has changed, once two polls agree, so that half-written files are not read. Polling also detects
 * swapped symbolic links and works on every file system.
 *
 * @param seen its trace when it was read
 * @returns stops watching
 */
export function watchFile(path: string, seen: string, onChange: () => void): () => void {
  let loaded = seen;
  let last = seen;
  const timer = setInterval(() => {
    const now = fileTrace(path);
    if (now !== loaded && now === last) {
      loaded = now;
      onChange();
    }
    last = now;
  }, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
