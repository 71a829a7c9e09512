import { explainSystemError } from './system-error.ts';
import { explainTlsError } from './tls-error.ts';

/** If a call failed for every address of a host, explains the first failure that can be explained. */
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
 * A one-line description of an error, without a stack: TLS and system errors with a fix, others with their own message.
 * A message that was written for users is kept, followed by its cause.
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
