import type { Log } from '../admin/log.ts';
import type { Metrics } from '../admin/metrics.ts';
import type { Config } from '../config/schema.ts';
import type { Issuer } from '../jwt/issuer-schema.ts';
import type { KeySource } from '../jwt/key-source.ts';
import { openKeySource } from '../jwt/open-key-source.ts';

/** The keys of an issuer; fetches are logged and counted. */
export function openKeys(
  rules: Issuer,
  { keySets }: Config,
  {
    log,
    metrics,
    now,
    fetch,
  }: { log: Log; metrics: Metrics; now: () => number; fetch: typeof globalThis.fetch },
): KeySource {
  const issuer = rules.issuer ?? 'any';
  return openKeySource(rules, {
    keySets,
    fetch,
    now,
    onFetch(result) {
      metrics.jwksFetches.inc({ issuer, result: result.ok ? 'ok' : 'failed' });
      const { nextFetchMs } = result;
      if (result.ok) {
        metrics.keysFetched(issuer, now());
        const { keys, changed } = result;
        log.debug({ issuer, keys, changed, nextFetchMs }, 'JWKS fetched');
      } else log.warn({ issuer, problem: result.problem }, 'JWKS fetch failed; continuing with cached keys');
    },
    onSkipped(why) {
      log.warn({ issuer, why }, 'key skipped');
    },
  });
}
