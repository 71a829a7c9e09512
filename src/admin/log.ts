import { pino, type Logger } from 'pino';
import { safeLine } from './json-line.ts';

export type Log = Logger;

/**
 * The log: one JSON object per line, with levels as words. Secrets are never passed to it; the redacted paths below are a second
 * safeguard.
 */
export function createLog(level: string, destination: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
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
  const write = (line: string): void => {
    destination.write(safeLine(line));
  };
  return pino(options, { write });
}
