/** V8's young generation (semi-space) in MB. The default of 16 collects twice as often; 64 would use 70 MB more memory. */
const SEMI_SPACE_MB = 32;
export const SEMI_SPACE_FLAG = `--max-semi-space-size=${SEMI_SPACE_MB}`;

/**
 * How far the old generation may grow before V8 collects it, in percent. Less with a larger young generation, so that the
 * total stays under 200 MB.
 */
const GROWTH = { largeYoungGeneration: 30, defaultYoungGeneration: 150 };

const growing = (percent: number): string => `--heap-growing-percent=${percent}`;

/**
 * The heap flag that can be set while Node runs. The young generation's size cannot:
 * the executable, `npm start` and the container image set it when they start Node.
 *
 * @param nodeFlags Node's own arguments, including NODE_OPTIONS
 */
export function heapGrowthFlag(nodeFlags: readonly string[]): string {
  const isLarge = nodeFlags.some((flag) => /--max[-_]semi[-_]space[-_]size/.test(flag));
  return growing(isLarge ? GROWTH.largeYoungGeneration : GROWTH.defaultYoungGeneration);
}

/** All heap flags of the service, for benchmarks against it. */
export const HEAP_FLAGS: readonly string[] = [SEMI_SPACE_FLAG, growing(GROWTH.largeYoungGeneration)];
