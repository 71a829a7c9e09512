import type { Outcome } from '../ext-authz/authorization-service.ts';
import type { GuardedEndpoint } from '../ext-authz/endpoint-router.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

interface Bound {
  count(): void;
  observe(seconds: number): void;
}

function reasonOf(decision: Outcome['decision']): string {
  return decision.kind === 'deny' ? decision.reason : '';
}

const MAX_PATH = 256;

/** The path without the query, which may contain a token, and cut to 256 characters. */
function pathOf({ request }: Outcome): string {
  return request?.path.slice(0, MAX_PATH).split('?', 1)[0] ?? '';
}

/** Counts each check, and logs denials at info and failures at error. */
export function observe(metrics: Metrics, log: Log): (outcome: Outcome) => void {
  const bound = new Map<string, Bound>();
  const allowed = new WeakMap<GuardedEndpoint, Bound>();

  /** Avoids building a key for allowed checks, which are mostly cached. */
  function boundFor(outcome: Outcome): Bound {
    const { decision, endpoint } = outcome;
    if (endpoint === undefined || decision.kind !== 'allow') return boundByLabels(outcome);
    const known = allowed.get(endpoint);
    if (known !== undefined) return known;
    const made = boundByLabels(outcome);
    allowed.set(endpoint, made);
    return made;
  }

  function boundByLabels({ decision, endpoint }: Outcome): Bound {
    const name = endpoint?.name ?? '';
    const method = endpoint?.method.name ?? '';
    const key = `${name} ${method} ${decision.kind} ${reasonOf(decision)}`;
    const known = bound.get(key);
    if (known !== undefined) return known;
    const labels = { endpoint: name, method, decision: decision.kind, reason: reasonOf(decision) };
    const counter = metrics.checks.labels(labels);
    const histogram = metrics.checkSeconds.labels({ endpoint: name, decision: decision.kind });
    const made: Bound = {
      count: () => {
        counter.inc();
      },
      observe: (seconds) => {
        histogram.observe(seconds);
      },
    };
    bound.set(key, made);
    return made;
  }

  /** Each check, allowed or not. Built only when the level is on: this runs for every request. */
  function debug(outcome: Outcome): void {
    const { decision, endpoint, request, cache = 'none', seconds } = outcome;
    log.debug(
      {
        endpoint: endpoint?.name,
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

  return (outcome) => {
    const { decision, endpoint, error, seconds } = outcome;
    const found = boundFor(outcome);
    found.count();
    found.observe(seconds);
    if (log.isLevelEnabled('debug')) debug(outcome);
    if (decision.kind === 'allow') return;
    const what = { endpoint: endpoint?.name, path: pathOf(outcome) };
    if (decision.kind === 'deny')
      log.info({ ...what, reason: decision.reason, rule: decision.rule?.name }, 'denied');
    else log.error({ ...what, cause: decision.cause, err: error }, 'check failed');
  };
}
