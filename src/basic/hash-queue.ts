/** Runs slow work with bounded concurrency and a bounded queue. */
export interface HashQueue {
  /** Runs `work` when its turn comes; returns undefined immediately if the queue is full. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined;
  /** Length of the queue. */
  readonly waiting: number;
}

export function createHashQueue(limits: { readonly parallel: number; readonly waiting: number }): HashQueue {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function turn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= limits.parallel) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // Hand the slot to the next in the queue, so that a new caller cannot jump it.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return {
    run: (work) => (running >= limits.parallel && waiting.length >= limits.waiting ? undefined : turn(work)),
    get waiting() {
      return waiting.length;
    },
  };
}
