import { Counter, Gauge, type Registry } from 'prom-client';

const PREFIX = 'comfy_tenant_comfyui_';
const labelNames = ['endpoint', 'upstream'] as const;

interface Labels {
  readonly endpoint: string;
  readonly upstream: string;
}

/** What a ComfyUI reports of itself; counts and seconds since it started. */
export interface ComfyuiFigures {
  readonly queue: { readonly waiting: number; readonly running: number; readonly oldestWaitSeconds: number };
  readonly totals: { readonly prompts: number; readonly failed: number; readonly gpuSeconds: number };
  readonly disk: { readonly free: number; readonly total: number };
}

/** The metrics of the ComfyUIs, without user names. */
export function createComfyuiMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers });
  const counter = (name: string, help: string) =>
    new Counter({ name: PREFIX + name, help, labelNames, registers });
  const gauges = {
    waiting: gauge('queue_waiting', 'Prompts that wait.'),
    running: gauge('queue_running', 'Prompts that run.'),
    oldest: gauge('queue_oldest_wait_seconds', 'How long the oldest waiting prompt has waited.'),
    free: gauge('disk_free_bytes', "Free space on the disk with the users' folders."),
    total: gauge('disk_bytes', "Size of the disk with the users' folders."),
  };
  const counters = {
    prompts: counter('prompts_total', 'Prompts that ended.'),
    failed: counter('prompts_failed_total', 'Prompts that failed or were interrupted.'),
    gpuSeconds: counter('gpu_seconds_total', 'Time that prompts ran.'),
  };
  const last = new Map<string, ComfyuiFigures['totals']>();

  return {
    show(labels: Labels, { queue, totals, disk }: ComfyuiFigures): void {
      gauges.waiting.set({ ...labels }, queue.waiting);
      gauges.running.set({ ...labels }, queue.running);
      gauges.oldest.set({ ...labels }, queue.oldestWaitSeconds);
      gauges.free.set({ ...labels }, disk.free);
      gauges.total.set({ ...labels }, disk.total);
      const key = JSON.stringify(labels);
      const known = last.get(key);
      for (const name of ['prompts', 'failed', 'gpuSeconds'] as const) {
        // Lower after a restart of ComfyUI: then all of it is new.
        const before = known?.[name] ?? 0;
        counters[name].inc({ ...labels }, totals[name] >= before ? totals[name] - before : totals[name]);
      }
      last.set(key, totals);
    },
    /** It does not answer: its last queue and disk would raise alerts that are no longer true, or hide new ones. */
    hide(labels: Labels): void {
      for (const one of Object.values(gauges)) one.remove({ ...labels });
    },
    remove(labels: Labels): void {
      for (const one of [...Object.values(gauges), ...Object.values(counters)]) one.remove({ ...labels });
      last.delete(JSON.stringify(labels));
    },
  };
}
