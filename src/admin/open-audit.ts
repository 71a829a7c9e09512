import type { Audit } from '../auth/audit-event.ts';
import { createAudit } from './audit.ts';
import { createAuditTail, type AuditTail } from './audit-tail.ts';
import { openAuditFile } from './audit-file.ts';
import type { Log } from './log.ts';

export interface OpenAudit {
  readonly audit: Audit;
  readonly tail: AuditTail;
  /** Why events do not reach the audit file; empty if they do. */
  problems(): readonly string[];
  close(): Promise<void>;
}

/** The audit stream to the log and, if configured, to a file. A failing disk is logged and stops nothing. */
export function openAudit(file: string | undefined, log: Log, now: () => number): OpenAudit {
  const tail = createAuditTail(file);
  if (file === undefined) {
    return {
      audit: createAudit(log, now, (line) => {
        tail.add(line);
      }),
      tail,
      problems: () => [],
      close: () => Promise.resolve(),
    };
  }
  const opened = openAuditFile(file, {
    onProblem(problem) {
      log.error({ problem }, 'audit file failed; events are still in this log');
    },
    onRecovery(lost) {
      log.warn({ lost }, 'audit file works again');
    },
  });
  return {
    audit: createAudit(log, now, (line) => {
      tail.add(line);
      opened.append(line);
    }),
    tail,
    problems: () => (opened.problem === undefined ? [] : [opened.problem]),
    close: () => opened.close(),
  };
}
