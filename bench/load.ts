import { createClientPool, type Sample } from './grpc-client.ts';

/** One row of the table: what was measured, and how it compares with the floor. */
export interface Measured {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Load {
  readonly name: string;
  readonly target: string;
  /** The message of the n-th check. */
  readonly message: (n: number) => Buffer;
  readonly seconds: number;
  readonly parallel?: number;
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function summarise(name: string, samples: readonly Sample[], seconds: number): Measured {
  const sorted = samples.map(({ ms }) => ms).sort((one, other) => one - other);
  return {
    name,
    perSecond: samples.length / seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
}

/** Keeps `parallel` checks under way for a while, after a warm-up that is not counted. */
export async function run(load: Load): Promise<Measured> {
  const pool = createClientPool(load.target);
  try {
    await pool.keepBusy({ message: load.message, parallel: load.parallel ?? 64, ms: 1000 });
    const ms = load.seconds * 1000;
    const samples = await pool.keepBusy({
      message: load.message,
      parallel: load.parallel ?? 64,
      ms,
      from: 1_000_000,
    });
    return summarise(load.name, samples, load.seconds);
  } finally {
    pool.close();
  }
}

/** The middle one of several measurements of the same, number by number. */
export function median(rows: readonly Measured[]): Measured {
  const middle = (values: number[]): number =>
    percentile(
      values.sort((one, other) => one - other),
      0.5,
    );
  return {
    name: rows[0]?.name ?? '',
    perSecond: middle(rows.map(({ perSecond }) => perSecond)),
    p50Ms: middle(rows.map(({ p50Ms }) => p50Ms)),
    p99Ms: middle(rows.map(({ p99Ms }) => p99Ms)),
  };
}
