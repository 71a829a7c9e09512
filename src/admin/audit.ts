import type { Audit, AuditEvent } from '../auth/audit-event.ts';
import { bounded, safeLine } from './json-line.ts';
import type { Log } from './log.ts';

function boundedFields(event: AuditEvent): Record<string, unknown> {
  const fields = Object.entries(event).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    fields.map(([key, value]) => [key, typeof value === 'string' ? bounded(value) : value]),
  );
}

/**
 * The audit stream: each event is one line of JSON in the log, with `"stream":"audit"`, whatever the level of the log, and
 * one line of the audit file.
 *
 * @param now milliseconds since 1970
 * @param append writes a line to the audit file; undefined without one
 */
export function createAudit(log: Log, now: () => number, append?: (line: string) => void): Audit {
  const stream = log.child({ stream: 'audit' }, { level: 'info' });
  return (event) => {
    const fields = boundedFields(event);
    stream.info(fields, 'audit');
    append?.(safeLine(JSON.stringify({ time: new Date(now()).toISOString(), ...fields })));
  };
}
