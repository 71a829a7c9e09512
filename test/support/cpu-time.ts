/** Processor time of this process that the work takes, in ms. Unlike the clock, other processes hardly change it. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** How many times as much processor time the work takes for 100,000 as for 10,000: about 10 if it is linear. */
export function growthOf(work: (count: number) => void): number {
  const small = (): number =>
    cpuMs(() => {
      work(10_000);
    });
  small(); // Compiles the code.
  const least = Math.min(small(), small(), small());
  return (
    cpuMs(() => {
      work(100_000);
    }) / least
  );
}

/** Far from linear growth (10) as from quadratic growth (100). */
export const LINEAR = 30;
