import { explainSystemError } from './system-error.ts';
import { explainTlsError } from './tls-error.ts';

/** Where a call failed for each address of a host, the first failure that can be explained speaks for all. */
function own(error: Error): string | undefined {
  for (const one of error instanceof AggregateError ? (error.errors as unknown[]) : [error]) {
    const found = explainTlsError(one) ?? explainSystemError(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/**
 * An error in one line for people, never with a stack: TLS and system errors with their remedy, others as they are. A
 * message that was written for people stays, with what caused it behind it.
 */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const found = own(error);
  if (found !== undefined) return found;
  const { message, cause } = error;
  if (!(cause instanceof Error)) return message === '' ? codeOf(error) : message;
  if (message === 'fetch failed' || message === '') return explainError(cause);
  const why = own(cause);
  return why === undefined || message.includes(codeOf(cause)) ? message : `${message}: ${why}`;
}
