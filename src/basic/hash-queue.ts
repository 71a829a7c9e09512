/** Runs slow work, a bounded number at once and a bounded number waiting. */
export interface HashQueue {
  /** Runs `work` when its turn comes; at once undefined when the queue is full. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined;
  /** How many wait. */
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
      // The place passes on to who waits, so that nobody new gets in between.
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
