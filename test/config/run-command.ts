import { PassThrough } from 'node:stream';
import type { Command } from '../../src/commands/context.ts';

export interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

export interface Given {
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input, piped. */
  readonly stdin?: string;
  /** Input typed at a terminal, instead. */
  readonly typed?: readonly string[];
}

class Terminal extends PassThrough {
  readonly isTTY = true;
  raw = false;
  readonly #typed: string[];
  constructor(typed: readonly string[]) {
    super();
    this.#typed = [...typed];
  }
  setRawMode(raw: boolean): this {
    this.raw = raw;
    if (raw) this.#type();
    return this;
  }
  #type(): void {
    const next = this.#typed.shift();
    if (next === undefined) return;
    setImmediate(() => {
      this.write(next);
      this.#type();
    });
  }
}

/** Runs a command as `main.ts` would, and collects its output. */
export async function run(
  command: Command,
  { cwd, args = [], env = {}, stdin = '', typed }: Given,
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const input = typed === undefined ? new PassThrough().end(stdin) : new Terminal(typed);
  const code = await command({
    args,
    env,
    cwd,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    stdin: input as unknown as NodeJS.ReadStream,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}
