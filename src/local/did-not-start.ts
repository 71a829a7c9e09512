import { CannotStart } from './cannot-start.ts';
import type { Program } from './programs.ts';

/** A program that did not come up: its last lines and where the rest is. */
export async function didNotStart(program: Program, instead?: string): Promise<CannotStart> {
  const fate = program.hasEnded() ? await program.ended : (instead ?? `${program.name} does not answer`);
  return new CannotStart([...program.lastWords(), `${fate}. Full log: ${program.logFile}`].join('\n'));
}
