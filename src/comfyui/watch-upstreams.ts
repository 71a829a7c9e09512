import type { Config } from '../config/schema.ts';
import type { UsageReport } from './ask-usage.ts';

/** The state of a ComfyUI, asked directly. */
export interface ComfyuiReport {
  /** Why it cannot serve, with a fix; undefined if it can. */
  readonly problem: string | undefined;
  /** Whether it answers with the plugin and our key; prompts may still be stuck. */
  readonly up: boolean;
  /** Whether the thread that runs prompts is alive; undefined if the plugin does not report it. */
  readonly workerAlive: boolean | undefined;
  /** Undefined if the plugin does not report it. */
  readonly usage?: UsageReport | undefined;
}

/** Checks the ComfyUI at a configured address. Never rejects; ends within seconds. */
export type AskComfyui = (url: string, config: Config) => Promise<ComfyuiReport>;

/** Metric labels of a ComfyUI: the endpoint, and the position in its list of upstreams, from 1. */
export interface UpstreamLabels {
  readonly endpoint: string;
  readonly upstream: string;
}

export interface WatchUpstreamsOptions {
  readonly ask: AskComfyui;
  readonly onReport: (labels: UpstreamLabels, report: ComfyuiReport) => void;
  /** An upstream is no longer in the configuration. */
  readonly onGone: (labels: UpstreamLabels) => void;
  readonly everyMs?: number;
}

export interface UpstreamWatch {
  /** One line per ComfyUI that cannot serve. */
  readonly problems: readonly string[];
  /** The last report of each ComfyUI, by its address. */
  readonly reports: ReadonlyMap<string, ComfyuiReport>;
  /** Switches to the ComfyUIs of a new configuration. */
  replace(config: Config): void;
  close(): void;
}

const EVERY_MS = 5000;

interface Watched {
  readonly url: string;
  readonly labels: readonly UpstreamLabels[];
}

/** Each address once, even if several endpoints use it. */
function watchedIn({ endpoints }: Config): Watched[] {
  const byUrl = new Map<string, UpstreamLabels[]>();
  for (const { name, upstream, multiTenant } of endpoints) {
    // Without multi-tenant mode there may be no plugin to ask.
    if (!multiTenant) continue;
    upstream.forEach((url, index) => {
      const labels = byUrl.get(url) ?? [];
      labels.push({ endpoint: name, upstream: String(index + 1) });
      byUrl.set(url, labels);
    });
  }
  return [...byUrl].map(([url, labels]) => ({ url, labels }));
}

const keyOf = ({ endpoint, upstream }: UpstreamLabels): string => `${endpoint} ${upstream}`;

/** Checks every ComfyUI of the multi-tenant endpoints every few seconds, one request at a time per ComfyUI. */
export function watchUpstreams(first: Config, options: WatchUpstreamsOptions): UpstreamWatch {
  const { ask, onReport, onGone, everyMs = EVERY_MS } = options;
  let current = new AbortController();
  let watched: Watched[] = [];
  const reports = new Map<string, ComfyuiReport>();

  async function follow(one: Watched, config: Config, isOver: () => boolean): Promise<void> {
    if (isOver()) return;
    const { url, labels } = one;
    const report = await ask(url, config);
    if (isOver()) return;
    reports.set(url, report);
    for (const each of labels) onReport(each, report);
    setTimeout(() => void follow(one, config, isOver), everyMs).unref();
  }

  function replace(config: Config): void {
    current.abort();
    current = new AbortController();
    const next = watchedIn(config);
    const kept = new Set(next.flatMap(({ labels }) => labels.map(keyOf)));
    for (const labels of watched.flatMap((one) => one.labels)) if (!kept.has(keyOf(labels))) onGone(labels);
    for (const url of [...reports.keys()]) if (!next.some((one) => one.url === url)) reports.delete(url);
    watched = next;
    const { signal } = current;
    for (const one of next) void follow(one, config, () => signal.aborted);
  }

  replace(first);
  return {
    get problems() {
      return [...reports.values()].flatMap(({ problem }) => problem ?? []);
    },
    reports,
    replace,
    close() {
      current.abort();
    },
  };
}
