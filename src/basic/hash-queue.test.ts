import { expect, test } from 'vitest';
import { createHashQueue } from './hash-queue.ts';

test('work runs in order, never more at once than the limit, and failures free their slot', async () => {
  const queue = createHashQueue({ parallel: 2, waiting: 10 });
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = (number: number) => async () => {
    most = Math.max(most, ++running);
    order.push(number);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (number === 0) throw new Error('broken');
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map(async (number) => queue.run(work(number))));
  expect(results.map(({ status }) => status)).toEqual(['rejected', ...Array<string>(4).fill('fulfilled')]);
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(queue.waiting).toBe(0);
});

test('a full queue rejects immediately', async () => {
  const queue = createHashQueue({ parallel: 1, waiting: 1 });
  let finish = (): void => undefined;
  const first = queue.run(() => new Promise<void>((resolve) => (finish = resolve)));
  const second = queue.run(() => Promise.resolve('second'));
  expect(queue.run(() => Promise.resolve())).toBeUndefined();
  finish();
  await first;
  expect(await second).toBe('second');
  expect(queue.run(() => Promise.resolve())).toBeDefined();
});
