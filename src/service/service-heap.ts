import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

const MB = 1024 * 1024;

/**
 * How far the old generation may grow before V8 collects it. Each check leaves about 4 KB there, so less means more
 * collections, and more would exceed 200 MB of memory after a million tokens.
 */
const HEADROOM_MB = 40;
/** In use after the start with 20,000 users. */
const TYPICAL_MB = 28;

/** V8 takes the headroom as a percentage of what a collection leaves. */
export function heapGrowthFlag(liveBytes: number): string {
  return `--heap-growing-percent=${Math.round((HEADROOM_MB * MB * 100) / liveBytes)}`;
}

function isFull(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/** Gives the old generation of this process the same headroom however much of it is in use; V8's own growth is proportional. */
export function limitHeapGrowth(): void {
  setFlagsFromString(heapGrowthFlag(TYPICAL_MB * MB));
  new PerformanceObserver((list) => {
    if (list.getEntries().some(isFull))
      setFlagsFromString(heapGrowthFlag(getHeapStatistics().used_heap_size));
  }).observe({ entryTypes: ['gc'] });
}
