import { createConcealment, type Concealment } from '../config-file/conceal.ts';
import type { CommandContext } from './context.ts';

/** A command's output without the values of environment variables, once the configurations that use them have been added. */
export function concealedOutput({
  out,
  err,
}: CommandContext): Pick<CommandContext, 'out' | 'err'> & { concealment: Concealment } {
  const concealment = createConcealment();
  return {
    concealment,
    out: (line) => {
      out(concealment.text(line));
    },
    err: (line) => {
      err(concealment.text(line));
    },
  };
}
