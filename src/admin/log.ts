import { pino, type Logger } from 'pino';

export type Log = Logger;

/**
 * The log: one JSON object a line. Whatever carries a secret is never passed to it; the paths below are a second net.
 *
 * @param destination where lines go; standard output when left out
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
