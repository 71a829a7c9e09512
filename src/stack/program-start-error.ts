import { StartError } from '../errors/start-error.ts';
import type { Program } from './programs.ts';

/** The error for a program that did not start: the last lines of its log, and where the full log is. */
export async function programStartError(program: Program, instead?: string): Promise<StartError> {
  const fate = program.hasEnded() ? await program.ended : (instead ?? `${program.name} does not answer`);
  return new StartError([...program.lastLogLines(), `${fate}. Full log: ${program.logFile}`].join('\n'));
}
