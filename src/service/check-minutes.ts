import type { Minute } from '../console/operations.ts';
import type { Metrics } from '../admin/metrics.ts';

const MOST = 60;
const EVERY_MS = 60_000;

async function totals({ checks }: Metrics): Promise<{ allowed: number; refused: number }> {
  const { values } = await checks.get();
  const sum = (isWanted: (decision: unknown) => boolean): number =>
    values.filter(({ labels }) => isWanted(labels.decision)).reduce((rest, { value }) => rest + value, 0);
  return {
    allowed: sum((decision) => decision === 'allow'),
    refused: sum((decision) => decision !== 'allow'),
  };
}

/** Counts the checks of each minute of the last hour. @param now milliseconds since 1970 */
export function countMinutes(metrics: Metrics, now: () => number): { list(): Minute[]; close(): void } {
  const minutes: Minute[] = [];
  let before = { allowed: 0, refused: 0 };
  const timer = setInterval(() => {
    void totals(metrics).then((all) => {
      const { allowed, refused } = before;
      minutes.push({ atMs: now(), allowed: all.allowed - allowed, refused: all.refused - refused });
      if (minutes.length > MOST) minutes.shift();
      before = all;
    });
  }, EVERY_MS).unref();
  return {
    list: () => [...minutes],
    close: () => {
      clearInterval(timer);
    },
  };
}
