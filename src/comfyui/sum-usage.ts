import type { UserUse } from './ask-usage.ts';

/** The sums by user; several ComfyUIs that share storage report the same bytes, so the largest counts. */
export function sumUsage(all: readonly UserUse[]): UserUse[] {
  const sums = new Map<string, UserUse>();
  for (const one of all) {
    const sum = sums.get(one.user);
    const rounded = (value: number): number => Math.round(value * 10) / 10;
    sums.set(
      one.user,
      sum === undefined
        ? one
        : {
            user: one.user,
            prompts: sum.prompts + one.prompts,
            failed: sum.failed + one.failed,
            gpuSeconds: rounded(sum.gpuSeconds + one.gpuSeconds),
            waitedSeconds: rounded(sum.waitedSeconds + one.waitedSeconds),
            bytes: Math.max(sum.bytes, one.bytes),
          },
    );
  }
  return [...sums.values()].sort((a, b) => b.gpuSeconds - a.gpuSeconds || (a.user < b.user ? -1 : 1));
}
