import type { Log } from '../admin/log.ts';
import type { Audit } from '../auth/audit-event.ts';
import { stateFiles } from '../config/state-files.ts';
import type { Config } from '../config/schema.ts';
import { createBeginSession, type BeginSession } from '../portal/begin-session.ts';
import { openSessionRegister, type SessionRegister } from '../revocation/session-register.ts';
import { openSessionKeys } from '../session/open-session-keys.ts';
import { createSessions, type Sessions } from '../session/sessions.ts';

export interface SessionsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly audit: Audit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The sessions of all endpoints, and the file with their keys. */
export interface OpenSessions {
  readonly sessions: Sessions;
  readonly register: SessionRegister;
  /** The first encrypts, all decrypt. */
  readonly secrets: () => readonly Uint8Array[];
  readonly beginSession: BeginSession;
  problems(): readonly string[];
  close(): void;
}

/** @throws Error naming the key file if it is unusable */
export function openSessions({ config, log, audit, now }: SessionsOptions): OpenSessions {
  const files = stateFiles(config);
  const keys = openSessionKeys(files.sessionKeys, (problem) => {
    if (problem === undefined) log.info('session keys changed');
    else log.error({ problem }, 'session keys are unusable; continuing with the previous ones');
  });
  const sessions = createSessions({ keys, now });
  const { trustedHops } = config.gateway;
  const register = openSessionRegister({
    path: files.sessions,
    now,
    onProblem(problem) {
      log.error({ problem }, 'the register of sessions is incomplete');
    },
  });
  return {
    sessions,
    register,
    secrets: () => keys.current.map(({ secret }) => secret),
    beginSession: createBeginSession({ sessions, register, audit, trustedHops, now }),
    problems: () => (keys.problem === undefined ? [] : [keys.problem]),
    close: () => {
      keys.close();
    },
  };
}
