/** A command's only access to the process. */
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
  /** Aborts on Ctrl-C or SIGTERM; long-running commands then end. */
  readonly signal: AbortSignal;
}

/** Exit codes of sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  /** A file that a command needs is missing or unreadable. */
  noInput: 66,
  unavailable: 69,
  software: 70,
  cannotWrite: 74,
  config: 78,
} as const;

/** Runs a command and returns its exit code. An error that it throws is printed by `runCommand`. */
export type Command = (context: CommandContext) => Promise<number>;
