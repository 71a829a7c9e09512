import type { Audit } from '../auth/audit-event.ts';
import type { Outcome } from '../ext-authz/authorization-service.ts';
import type { GuardedEndpoint } from '../ext-authz/endpoint-router.ts';
import { logDecision } from './log-decision.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

interface Bound {
  count(): void;
  observe(seconds: number): void;
}

function reasonOf(decision: Outcome['decision']): string {
  return decision.kind === 'deny' ? decision.reason : '';
}

/** Counts and logs each check. */
export function observe(metrics: Metrics, log: Log, audit: Audit): (outcome: Outcome) => void {
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

  const logged = logDecision(log, audit);
  return (outcome) => {
    const found = boundFor(outcome);
    found.count();
    found.observe(outcome.seconds);
    logged(outcome);
  };
}
