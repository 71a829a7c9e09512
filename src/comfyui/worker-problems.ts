import type { WorkerState } from './plugin-state.ts';

/** A prompt that runs this long is reported. */
const LONG_RUN_SECONDS = 3600;

interface WorkerFinding {
  readonly level: 'warning' | 'fault';
  readonly text: string;
}

/** Problems of ComfyUI's worker thread; none if the plugin does not report it. */
export function workerProblems(worker: WorkerState | undefined, url: string): WorkerFinding[] {
  if (worker === undefined) return [];
  if (!worker.alive) {
    return [
      {
        level: 'fault',
        text: `ComfyUI's worker at ${url} is dead: prompts are accepted and never run. Restart ComfyUI; its log names the cause.`,
      },
    ];
  }
  const found: WorkerFinding[] = [];
  if ((worker.runningSeconds ?? 0) > LONG_RUN_SECONDS) {
    const minutes = Math.round((worker.runningSeconds ?? 0) / 60);
    found.push({
      level: 'warning',
      text: `One prompt at ${url} has been running for ${minutes} min, and everyone waits for it: an operator can interrupt it, and maxRunSeconds in the plugin's settings limits such prompts.`,
    });
  }
  if (worker.restarts > 0) {
    found.push({
      level: 'warning',
      text: `ComfyUI's worker at ${url} was restarted ${worker.restarts} time(s) since ComfyUI started: its log names the prompts that could not be ended.`,
    });
  }
  return found;
}
