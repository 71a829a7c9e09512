/**
 * V8's room for new objects while checks are answered, in MB. With its own 16 MB it collects twice as often; with 64 MB
 * the service would take 70 MB more.
 */
const SEMI_SPACE_MB = 32;

/** The young generation of a thread, in MB: V8 makes its semi-space a third of it. */
export const YOUNG_GENERATION_MB = 3 * SEMI_SPACE_MB;

/** V8 lets the old objects grow fourfold before it collects them; what a check leaves is collected sooner than that. */
export const HEAP_GROWING = '--heap-growing-percent=30';

/** The same heap for a whole process, as flags of Node. V8 takes the first where a heap begins, and never later. */
export const HEAP_FLAGS: readonly string[] = [`--max-semi-space-size=${SEMI_SPACE_MB}`, HEAP_GROWING];

/** Whether Node's command line or `NODE_OPTIONS` gives the room. */
export function givesRoom(flags: readonly string[]): boolean {
  return flags.some((flag) => /--max[-_]semi[-_]space[-_]size/.test(flag));
}
