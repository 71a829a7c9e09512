import { createClientPool, type Sample } from './grpc-client.ts';
import type { Program } from './programs.ts';

/** One row of the table: what was measured, and how it compares with the floor. */
export interface Measured {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the programs that answered, a request. */
  readonly cpuMicros: number;
}

export interface Load {
  readonly name: string;
  readonly program: Program;
  readonly target: string;
  /** The message of the n-th check. */
  readonly message: (n: number) => Buffer;
  readonly seconds: number;
  readonly parallel?: number;
  readonly connections?: number;
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Does the work, and sums up what it took. */
export async function measured(
  name: string,
  programs: readonly Program[],
  work: () => Promise<readonly Sample[]>,
): Promise<Measured> {
  const cpu = (): number => programs.reduce((sum, program) => sum + program.cpuSeconds(), 0);
  const before = cpu();
  const begun = performance.now();
  const samples = await work();
  const seconds = (performance.now() - begun) / 1000;
  const sorted = samples.map(({ ms }) => ms).sort((one, other) => one - other);
  return {
    name,
    perSecond: samples.length / seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuMicros: ((cpu() - before) / samples.length) * 1e6,
  };
}

/** Keeps `parallel` checks under way for a while, after a warm-up that is not counted. */
export async function run({
  name,
  program,
  target,
  message,
  seconds,
  parallel = 64,
  connections = 1,
}: Load): Promise<Measured> {
  const pool = createClientPool(target, connections);
  try {
    await pool.keepBusy({ message, parallel, ms: 300 });
    return await measured(name, [program], () =>
      pool.keepBusy({ message, parallel, ms: seconds * 1000, from: 1_000_500 }),
    );
  } finally {
    pool.close();
  }
}

/** One row, measured once more in each round. */
export type Measure = (round: number) => Promise<Measured>;

/** Measures the rows in turn, each round the other way round, so that what else happens falls on all of them; of each, the median. */
export async function inTurn(rows: readonly Measure[], rounds: number): Promise<Measured[]> {
  const found: Measured[][] = rows.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...rows.entries()];
    for (const [index, measure] of round % 2 === 0 ? order : order.reverse()) {
      found[index]?.push(await measure(round));
    }
  }
  return found.map(median);
}

/** The middle one of several measurements of the same, number by number. */
function median(rows: readonly Measured[]): Measured {
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
    cpuMicros: middle(rows.map(({ cpuMicros }) => cpuMicros)),
  };
}
