/** What a command gets from the process; the only way in which it touches it. */
export interface CommandContext {
  /** Arguments after the command's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Writes one line to standard output. */
  readonly out: (line: string) => void;
  /** Writes one line to standard error. */
  readonly err: (line: string) => void;
  readonly stdin: NodeJS.ReadStream;
  /** Aborts at Ctrl-C or SIGTERM; a command that runs on ends then. */
  readonly signal: AbortSignal;
}

/** Exit codes of sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  unavailable: 69,
  software: 70,
  cannotWrite: 74,
  config: 78,
} as const;

/** A command: returns its exit code; throws only on a defect. */
export type Command = (context: CommandContext) => Promise<number>;
