import type { HashQueue } from '../basic/hash-queue.ts';
import type { Metrics } from './metrics.ts';

/** Measures the duration of password verifications and the queue length. */
export function measureHashes(
  queue: HashQueue,
  { passwordHashSeconds, passwordHashQueue }: Metrics,
): HashQueue {
  return {
    run(work) {
      const end = passwordHashSeconds.startTimer();
      const running = queue.run(work);
      passwordHashQueue.set(queue.waiting);
      return running?.finally(() => {
        end();
        passwordHashQueue.set(queue.waiting);
      });
    },
    get waiting() {
      return queue.waiting;
    },
  };
}
