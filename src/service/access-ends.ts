import type { Log } from '../admin/log.ts';
import type { Metrics } from '../admin/metrics.ts';
import type { Audit, AuditEvent } from '../auth/audit-event.ts';
import type { Config } from '../config/schema.ts';
import { stateFiles } from '../config/state-files.ts';
import { openAccessTokens, type AccessTokens } from '../access-token/open-access-tokens.ts';
import { openRevocations } from '../revocation/open-revocations.ts';
import type { Revocation, Revocations } from '../revocation/revocations.ts';
import type { TokenKeys } from '../token/token-key.ts';
import { changedUsers } from './changed-users.ts';
import { createEndWebSockets } from './end-websockets.ts';

export interface AccessEndsOptions {
  readonly config: Config;
  readonly keys: TokenKeys;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly audit: Audit;
  readonly fetch?: typeof fetch | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What ends access before it expires: revocations and changed passwords; closes the WebSockets concerned. */
export interface AccessEnds {
  readonly revocations: Revocations;
  readonly accessTokens: AccessTokens;
  /** Why sessions and tokens cannot be checked. */
  problems(): readonly string[];
  /** Call when a new configuration is in effect. */
  replace(next: Config): void;
  close(): Promise<void>;
}

const RECENT_MS = 86_400_000;

/** Those whose WebSockets may still be open, because they were revoked while no service was running. */
function recent(entries: readonly Revocation[], nowMs: number): readonly Revocation[] {
  return entries.filter(({ sessionId, issuedBeforeMs = 0, untilMs }) =>
    sessionId === undefined ? issuedBeforeMs > nowMs - RECENT_MS : untilMs > nowMs,
  );
}

function revokedByFile({ endpoint, userId, sessionId, issuedBeforeMs }: Revocation): AuditEvent {
  const issuedBefore = issuedBeforeMs === undefined ? undefined : new Date(issuedBeforeMs).toISOString();
  return { event: 'revoked', by: 'file', endpoint, userId, sessionId, issuedBefore };
}

export function openAccessEnds({
  config,
  keys,
  log,
  metrics,
  audit,
  ...options
}: AccessEndsOptions): AccessEnds {
  const { now } = options;
  const files = stateFiles(config);
  const sockets = createEndWebSockets({ keys, log, metrics, now, fetch: options.fetch ?? fetch });
  let current = config;
  const revocations = openRevocations({
    path: files.revocations,
    now,
    onRevoked(added, byOthers) {
      metrics.revocations.inc(added.length);
      for (const one of byOthers) audit(revokedByFile(one));
      log.info({ entries: added.length }, 'revoked');
      sockets.ended(current, added);
    },
    onProblem(problem) {
      if (problem === undefined) log.info('the revocations file is usable again');
      else log.error({ problem }, 'sessions and tokens get 503: the revocations file is unusable');
    },
  });
  const accessTokens = openAccessTokens({
    path: files.accessTokens,
    now,
    onProblem(problem) {
      if (problem === undefined) log.info('the file of access tokens is usable again');
      else log.error({ problem }, 'access tokens get 503: their file is unusable');
    },
  });
  sockets.ended(config, recent(revocations.entries, now()));
  return {
    revocations,
    accessTokens,
    problems: () => [revocations.problem, accessTokens.problem].filter((problem) => problem !== undefined),
    replace(next) {
      const before = current;
      current = next;
      // The addresses of the old configuration: an endpoint may be gone.
      sockets.passwordsChanged(before, changedUsers(before, next));
    },
    async close() {
      await accessTokens.close();
      revocations.close();
      sockets.close();
    },
  };
}
