import { pino, type Logger } from 'pino';

export type Log = Logger;

/**
 * The log: one JSON object per line. Secrets are never passed to it; the redacted paths below are a second safeguard.
 *
 * @param destination standard output if omitted
 */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: [
      '*.authorization',
      '*.cookie',
      '*.password',
      '*.token',
      'authorization',
      'cookie',
      'password',
      'token',
    ],
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
