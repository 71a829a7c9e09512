import type { Metrics } from '../admin/metrics.ts';

/** Labels are bound once, to keep checks fast. */
export function countLookups(
  cache: string,
  { cacheRequests }: Metrics,
): (result: 'hit' | 'shared' | 'miss') => void {
  const counters = {
    hit: cacheRequests.labels({ cache, result: 'hit' }),
    shared: cacheRequests.labels({ cache, result: 'shared' }),
    miss: cacheRequests.labels({ cache, result: 'miss' }),
  };
  return (result) => {
    counters[result].inc();
  };
}
