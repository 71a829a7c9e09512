import { StartError } from '../errors/start-error.ts';
import type { Program } from './programs.ts';

/** A program that did not come up: its last lines and where the rest is. */
export async function programStartError(program: Program, instead?: string): Promise<StartError> {
  const fate = program.hasEnded() ? await program.ended : (instead ?? `${program.name} does not answer`);
  return new StartError([...program.lastWords(), `${fate}. Full log: ${program.logFile}`].join('\n'));
}
