import type { Audit } from '../auth/audit-event.ts';
import type { Deny, DenyReason } from '../auth/decision.ts';
import type { Outcome } from '../ext-authz/authorization-service.ts';
import { requestId } from '../http/request-id.ts';
import { bounded } from './json-line.ts';
import type { Log } from './log.ts';

const MAX_PATH = 256;

/** The path without the query, which may contain a token, and cut to 256 characters. */
function pathOf({ request }: Outcome): string {
  return request?.path.slice(0, MAX_PATH).split('?', 1)[0] ?? '';
}

/** Requests without credentials are no attempt to get in: every first visit begins with one. */
const NOT_AUDITED: ReadonlySet<DenyReason> = new Set(['credentials-missing', 'host-malformed']);

/** Where a refused request came from. No user: rejected credentials do not prove a name. */
function originOf({ endpoint, request, address }: Outcome) {
  return {
    requestId: requestId(request),
    endpoint: endpoint?.name,
    address: address === undefined ? undefined : bounded(address),
  };
}

/** Logs denials at info, failures at error, and every check at debug; denied credentials also go to the audit stream. */
export function logDecision(log: Log, audit: Audit): (outcome: Outcome) => void {
  /** Each check, allowed or not. Built only when the level is on: this runs for every request. */
  function debug(outcome: Outcome): void {
    const { decision, request, cache = 'none', seconds } = outcome;
    log.debug(
      {
        requestId: requestId(request),
        endpoint: outcome.endpoint?.name,
        decision: decision.kind,
        ...(decision.kind === 'deny' && { reason: decision.reason }),
        ...(decision.kind === 'unavailable' && { cause: decision.cause }),
        cache,
        ms: Math.round(seconds * 1e6) / 1e3,
        method: request?.method,
        path: pathOf(outcome),
      },
      'check',
    );
  }

  function denied(outcome: Outcome, { reason, rule, userId: user }: Deny): void {
    const origin = originOf(outcome);
    const what = { reason, rule: rule?.name, method: outcome.request?.method, path: pathOf(outcome) };
    log.info({ ...origin, user, ...what }, 'denied');
    if (!NOT_AUDITED.has(reason)) audit({ event: 'request-refused', ...origin, user, reason });
  }

  return (outcome) => {
    const { decision, error } = outcome;
    if (log.isLevelEnabled('debug')) debug(outcome);
    if (decision.kind === 'allow') return;
    if (decision.kind === 'deny') denied(outcome, decision);
    else
      log.error(
        { ...originOf(outcome), path: pathOf(outcome), cause: decision.cause, err: error },
        'check failed',
      );
  };
}
