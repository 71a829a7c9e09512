/** V8's room for new objects, in MB. With its default of 16 MB it collects twice as often; 64 MB would cost 70 MB of memory more. */
const SEMI_SPACE_MB = 32;

/**
 * How far old objects may grow before V8 collects them, in percent. With a larger young generation they must grow less, so
 * that the whole stays under 200 MB.
 */
const GROWTH = { largeYoungGeneration: 30, defaultYoungGeneration: 150 };

const growing = (percent: number): string => `--heap-growing-percent=${percent}`;

/**
 * The flag of the service's heap that can be set while Node runs. The size of the young generation cannot be: the
 * executable, `npm start` and the image start Node with it.
 *
 * @param nodeFlags Node's own arguments, with those of NODE_OPTIONS
 */
export function heapGrowthFlag(nodeFlags: readonly string[]): string {
  const isLarge = nodeFlags.some((flag) => /--max[-_]semi[-_]space[-_]size/.test(flag));
  return growing(isLarge ? GROWTH.largeYoungGeneration : GROWTH.defaultYoungGeneration);
}

/** All flags of the service's heap, for a program that is compared with it. */
export const HEAP_FLAGS: readonly string[] = [
  `--max-semi-space-size=${SEMI_SPACE_MB}`,
  growing(GROWTH.largeYoungGeneration),
];
