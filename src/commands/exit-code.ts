import { explainError } from '../errors/explain-error.ts';
import { explainSystemError } from '../errors/system-error.ts';
import { FileReadError, FileWriteError } from '../files/file-error.ts';
import { EXIT } from './context.ts';

const WRITE_CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO']);

function isWriteError(error: unknown): boolean {
  if (error instanceof FileWriteError) return true;
  return error instanceof Error && WRITE_CODES.has((error as NodeJS.ErrnoException).code ?? '');
}

/** The exit code for an error that ended a command. */
function exitCodeOf(error: unknown): number {
  if (error instanceof FileReadError) return EXIT.noInput;
  return isWriteError(error) ? EXIT.cannotWrite : EXIT.unavailable;
}

/** Arguments that the command does not take, as `parseArgs` reports them. */
export function isUsageError(error: unknown): error is Error {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code?.startsWith('ERR_PARSE_ARGS') === true;
}

/** Prints an error that ended a command as one line, and returns its exit code. */
export function reportError(command: string, error: unknown, err: (line: string) => void): number {
  // Its message already names the file, the reason and the fix.
  const text = error instanceof FileWriteError ? error.message : explainError(error);
  err(`comfy-tenant ${command}: ${text}`);
  return exitCodeOf(error);
}

/** The source line that threw, without the rest of the stack. */
function thrownAt({ stack = '' }: Error): string {
  const frame = /^ +at .*?((?:file:\/\/)?\/[^()\s]+:[0-9]+:[0-9]+)/m.exec(stack)?.[1];
  return frame === undefined ? '' : ` (at ${frame.replace('file://', '')})`;
}

/**
 * One line and an exit code for an error that nothing caught, such as one thrown in a timer or an unhandled rejection.
 * Errors of the system are explained; any other is a bug, and reported with the line that threw it.
 */
export function explainUncaught(error: unknown): { line: string; code: number } {
  if (error instanceof FileWriteError || explainSystemError(error) !== undefined)
    return { line: explainError(error), code: exitCodeOf(error) };
  const where = error instanceof Error ? thrownAt(error) : '';
  const message = explainError(error).replaceAll('\n', ' ');
  return { line: `internal error: ${message}${where}; please report this line`, code: EXIT.software };
}
