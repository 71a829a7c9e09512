/** Prints the progress of a start, one line per step. */
export interface Progress {
  /** A step is done: `  ok  Envoy 1.40.0     21 MB, checked   3 s`. Times under half a second are omitted. */
  done(part: string, note: string, ms?: number): void;
  /** A step takes long: what it is doing. */
  busy(part: string, note: string): void;
  /** A step has a problem; the start continues. */
  warn(part: string, note: string): void;
}

const PART_WIDTH = 17;
const NOTE_WIDTH = 18;
const MIN_SHOWN_MS = 500;

function line(mark: string, part: string, note: string): string {
  return `  ${mark.padEnd(4)}${part.padEnd(PART_WIDTH - 1)} ${note}`.trimEnd();
}

/** `3 s`; `1 min 5 s`. */
export function seconds(ms: number): string {
  const whole = Math.round(ms / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Progress as plain lines, for terminals and logs alike. */
export function printProgress(out: (line: string) => void): Progress {
  return {
    done(part, note, ms = 0) {
      const time = ms < MIN_SHOWN_MS ? '' : seconds(ms);
      out(line('ok', part, time === '' ? note : `${note.padEnd(NOTE_WIDTH - 1)} ${time}`));
    },
    busy(part, note) {
      out(line('..', part, note));
    },
    warn(part, note) {
      out(line('!', part, note));
    },
  };
}

const STILL_EVERY_MS = 10_000;

/** Runs work that prints nothing itself, and reports every 10 s what is running. */
export async function withProgress<T>(
  report: (note: string) => void,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    report(`${what}, ${seconds(Date.now() - startedAt)} so far`);
  }, STILL_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
