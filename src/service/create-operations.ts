import type { AuditTail } from '../admin/audit-tail.ts';
import type { Metrics } from '../admin/metrics.ts';
import type { Audit } from '../auth/audit-event.ts';
import { parseUserId } from '../auth/user-id.ts';
import type { Lockouts } from '../basic/login-throttle.ts';
import { askUsage, tenantComfyuis } from '../comfyui/ask-usage.ts';
import { sumUsage } from '../comfyui/sum-usage.ts';
import type { UpstreamWatch } from '../comfyui/watch-upstreams.ts';
import type { Config } from '../config/schema.ts';
import type { ServiceState } from '../console/console-context.ts';
import type { ComfyuiStatus, KeysStatus, Minute, Operations } from '../console/operations.ts';
import { explainError } from '../errors/explain-error.ts';
import { keyFacts } from '../jwt/key-facts.ts';
import { issuedBeforeNow } from '../revocation/issued-before.ts';
import { KEEP_REVOCATION_MS, type Revocations } from '../revocation/revocations.ts';
import type { SessionRegister } from '../revocation/session-register.ts';
import type { TokenKeys } from '../token/token-key.ts';
import type { BuiltEndpoints } from './build-endpoints.ts';
import type { PartStates } from './part-states.ts';

export interface OperationsOptions {
  readonly config: () => Config;
  readonly state: () => ServiceState;
  readonly parts: PartStates;
  readonly minutes: { list(): Minute[] };
  readonly built: () => BuiltEndpoints;
  readonly comfyuis: Pick<UpstreamWatch, 'reports'>;
  readonly keys: TokenKeys;
  readonly metrics: Metrics;
  readonly throttle: Lockouts;
  readonly register: SessionRegister;
  readonly revocations: Revocations;
  readonly tail: AuditTail;
  readonly audit: Audit;
  readonly conceal: (text: string) => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The clocks of replicas differ. */
const AFTER_THE_END_MS = 86_400_000;

export function createOperations(options: OperationsOptions): Operations {
  const { config, parts, metrics, register, revocations, audit, conceal, now } = options;

  async function keysStatus(): Promise<KeysStatus[]> {
    const { values } = await metrics.jwksAgeSeconds.get();
    return options.built().keyRing.issuers.map(({ issuer, source }) => ({
      issuer: conceal(issuer),
      available: source.current() !== undefined,
      ageSeconds: values.find(({ labels }) => labels.issuer === issuer)?.value,
      keys: (source.current()?.jwks().keys ?? []).map(keyFacts),
    }));
  }

  function comfyuis(): ComfyuiStatus[] {
    return [...options.comfyuis.reports].flatMap(([url, { usage }]) => {
      if (usage === undefined) return [];
      const { queue, disk, totals, webSockets } = usage;
      return [{ url: conceal(url), queue, disk, totals, webSockets }];
    });
  }

  /** What someone typed as a name may be a password: only names of users are shown. */
  function lockouts() {
    const users = config().users;
    return options.throttle.lockouts().map((one) => ({
      ...one,
      username: users.get(one.endpoint)?.has(one.username) === true ? one.username : '',
    }));
  }

  return {
    keys: keysStatus,
    async status() {
      const { revision, envoy, ready } = options.state();
      const { values } = await metrics.checks.get();
      const checks = values.map(({ labels: { endpoint, decision, reason }, value }) => ({
        endpoint: conceal(String(endpoint)),
        decision: String(decision),
        reason: String(reason),
        count: value,
      }));
      return {
        revision,
        envoy,
        ready,
        parts: parts.list(),
        checks,
        minutes: options.minutes.list(),
        keys: await keysStatus(),
        comfyuis: comfyuis(),
        lockouts: lockouts(),
      };
    },
    async usage(sinceMs) {
      const problems: string[] = [];
      const isUp = ({ url }: { url: string }): boolean => {
        const problem = options.comfyuis.reports.get(url)?.problem;
        if (problem !== undefined) problems.push(conceal(problem));
        return problem === undefined;
      };
      // Not one that is known to be down: the page would wait for it.
      const asked = tenantComfyuis(config())
        .filter(isUp)
        .map((one) =>
          askUsage(one, { keys: options.keys, sinceMs, nowMs: now() }).catch((error: unknown) => {
            problems.push(conceal(`ComfyUI at ${new URL(one.url).host}: ${explainError(error)}`));
            return undefined;
          }),
        );
      const reports = await Promise.all(asked);
      const quotas = reports.flatMap((report) => report?.quotaBytes ?? []);
      const quotaBytes = quotas.length === 0 ? undefined : Math.min(...quotas);
      return { quotaBytes, users: sumUsage(reports.flatMap((report) => report?.users ?? [])), problems };
    },
    sessions: () =>
      register
        .list()
        .filter(
          ({ id, signedInAtMs, ...rest }) =>
            !revocations.isRevoked({ ...rest, sessionId: id, issuedAtMs: signedInAtMs }),
        ),
    async endSession(id) {
      const found = register.find(id);
      if (found === undefined) return false;
      const { endpoint, userId, endsAtMs } = found;
      await revocations.revoke({ endpoint, userId, sessionId: id, untilMs: endsAtMs + AFTER_THE_END_MS });
      audit({ event: 'revoked', by: 'operator', endpoint, userId, sessionId: id });
      return true;
    },
    async endUser(text) {
      const userId = parseUserId(text);
      if (userId === undefined) return false;
      const issuedBeforeMs = issuedBeforeNow([userId], register.list(), now());
      await revocations.revoke({ userId, issuedBeforeMs, untilMs: now() + KEEP_REVOCATION_MS });
      const issuedBefore = new Date(issuedBeforeMs).toISOString();
      audit({ event: 'revoked', by: 'operator', userId, issuedBefore });
      return true;
    },
    unlock: (id) => options.throttle.unlock(id),
    audit: (text, most) => options.tail.search(text, most),
  };
}
