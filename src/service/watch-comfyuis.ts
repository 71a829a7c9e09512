import type { Log } from '../admin/log.ts';
import type { Metrics } from '../admin/metrics.ts';
import type { Config } from '../config/schema.ts';
import { watchUpstreams, type AskComfyui, type UpstreamWatch } from '../comfyui/watch-upstreams.ts';

const NONE: UpstreamWatch = {
  problems: [],
  reports: new Map(),
  replace: () => undefined,
  close: () => undefined,
};

/** Monitors every ComfyUI, and reports in metrics and the log which cannot serve. */
export function watchComfyuis(
  config: Config,
  ask: AskComfyui | undefined,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Log },
): UpstreamWatch {
  if (ask === undefined) return NONE;
  const { comfyuiUp, comfyuiWorkerAlive } = metrics;
  const known = new Map<string, string | undefined>();
  return watchUpstreams(config, {
    ask,
    onReport({ endpoint, upstream }, { problem, up, workerAlive, usage }) {
      const labels = { endpoint, upstream };
      comfyuiUp.set(labels, up ? 1 : 0);
      if (workerAlive === undefined) comfyuiWorkerAlive.remove(labels);
      else comfyuiWorkerAlive.set(labels, workerAlive ? 1 : 0);
      if (usage === undefined) metrics.comfyuis.hide(labels);
      else metrics.comfyuis.show(labels, usage);
      const key = `${endpoint} ${upstream}`;
      if (known.get(key) === problem) return;
      if (problem !== undefined) log.warn({ endpoint, upstream, problem }, 'ComfyUI cannot serve');
      else if (known.has(key)) log.info({ endpoint, upstream }, 'ComfyUI has recovered');
      known.set(key, problem);
    },
    onGone(labels) {
      comfyuiUp.remove(labels.endpoint, labels.upstream);
      comfyuiWorkerAlive.remove(labels.endpoint, labels.upstream);
      metrics.comfyuis.remove(labels);
      known.delete(`${labels.endpoint} ${labels.upstream}`);
    },
  });
}
