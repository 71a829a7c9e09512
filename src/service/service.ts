import { availableParallelism } from 'node:os';
import { createMetrics } from '../admin/metrics.ts';
import { openAudit } from '../admin/open-audit.ts';
import { measureHashes } from '../admin/measure-hashes.ts';
import { observe } from '../admin/observe.ts';
import { createHashQueue } from '../basic/hash-queue.ts';
import { createLoginThrottle } from '../basic/login-throttle.ts';
import { openAccessEnds } from './access-ends.ts';
import { openComfyuiKeys } from './comfyui-keys.ts';
import type { Config } from '../config/schema.ts';
import { buildEndpoints, type EndpointParts } from './build-endpoints.ts';
import { bootstrapDigests } from '../envoy/render.ts';
import { createAuthorizationService } from '../ext-authz/authorization-service.ts';
import { watchBootstrap } from '../ext-authz/bootstrap-watch.ts';
import { openAdmin } from './open-admin.ts';
import { openPortal } from './open-portal.ts';
import { openSessions } from './open-sessions.ts';
import { startServers } from './start-servers.ts';
import { addressText } from '../http/host-port.ts';
import { createMint } from '../token/mint-token.ts';
import type { TokenKeys } from '../token/token-key.ts';
import { watchComfyuis } from './watch-comfyuis.ts';
import type { ServiceOptions } from './service-options.ts';

export interface Service {
  /** TCP port of the gRPC server; undefined on a Unix socket. */
  readonly port: number | undefined;
  readonly adminPort: number;
  /** The keys that sign tokens for ComfyUI. */
  readonly keys: TokenKeys;
  /**
   * Applies a new configuration from the next check on. `service`, `admin` and `gateway` keep their startup values.
   *
   * @throws Error if a part cannot be built; then nothing has changed
   */
  replace(config: Config, revision: string): void;
  /** Reports a rejected change, and keeps serving the previous configuration. */
  refuse(faults: readonly string[]): void;
  close(): Promise<void>;
}

/** Builds every part and starts serving. Rejects, with nothing left open, if a part cannot start. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const {
    config,
    log,
    now = Date.now,
    monotonic = () => performance.now(),
    conceal = (text: string) => text,
    fetch: ask = fetch,
  } = options;
  const metrics = createMetrics();
  const { audit, ...auditing } = openAudit(config.audit.file, log, now);
  const keys = openComfyuiKeys(config, log);
  keys.publish(config.endpoints);
  // Leave one CPU for cached checks.
  const { parallelHashes = Math.max(1, availableParallelism() - 1), waitingHashes } = config.service;
  const ends = openAccessEnds({ config, keys: keys.token, log, metrics, audit, now, fetch: ask });
  const sessions = openSessions({ config, log, audit, now });
  const throttle = createLoginThrottle(monotonic, (kind) => {
    metrics.lockouts.inc({ kind });
  });
  const parts: EndpointParts = {
    revocations: ends.revocations,
    accessTokens: ends.accessTokens,
    ...sessions,
    log,
    metrics,
    now,
    monotonic,
    fetch: ask,
    verifyKeys: keys.verify,
    hashing: measureHashes(createHashQueue({ parallel: parallelHashes, waiting: waitingHashes }), metrics),
    throttle,
  };
  let guarded = buildEndpoints(config, parts);
  const bootstraps = watchBootstrap({
    now: () => performance.now(),
    onOutdated(problem) {
      log.warn({ problem }, 'Envoy needs a new bootstrap');
    },
  });
  let digests = bootstrapDigests(config);
  bootstraps.expect(digests);
  let current = config;
  let faults: readonly string[] = [];
  let revision = options.revision;
  metrics.configInfo.set({ revision }, 1);

  const check = createAuthorizationService({
    findEndpoint: () => guarded.findEndpoint,
    mint: createMint(keys.token, now),
    now,
    // Envoy has the current value only if its files follow the configuration.
    trustedHops: () => (options.envoy === undefined ? config : current).gateway.trustedHops,
    site: () => current.portal,
    onBootstrap: (digest) => {
      bootstraps.seen(digest);
    },
    onDecision: observe(metrics, log, audit),
  });
  const app = openPortal({ ...parts, ...sessions, built: () => guarded, config: () => current, audit });
  metrics.showKeys(() =>
    guarded.keyRing.issuers.map(({ issuer, source }) => ({
      issuer,
      available: source.current() !== undefined,
    })),
  );
  const comfyuis = watchComfyuis(config, options.askComfyui, { metrics, log });
  const admin = await openAdmin({
    ...parts,
    ...options,
    config,
    audit,
    throttle,
    conceal,
    now,
    monotonic,
    fetch: ask,
    current: () => current,
    built: () => guarded,
    revision: () => revision,
    faults: () => faults,
    bootstraps,
    keys: keys.token,
    auditing,
    opened: sessions,
    ends,
    comfyuis,
  });
  const closeOthers = async (): Promise<void> => {
    await admin.close();
    sessions.close();
    guarded.keyRing.close();
    comfyuis.close();
    await ends.close();
  };
  const { portal, grpc } = await startServers(config, check, app).catch(async (error: unknown) => {
    await closeOthers();
    throw error;
  });
  const places = { service: addressText(config.service.listen), admin: addressText(config.admin.listen) };
  log.info({ revision, ...places }, 'serving');
  audit({ event: 'configuration-applied', revision });

  return {
    port: grpc.port,
    adminPort: admin.port,
    keys: keys.token,
    replace(next, nextRevision) {
      const begunMs = monotonic();
      const nextDigests = bootstrapDigests(next);
      try {
        // First: ComfyUI needs the public keys before it gets tokens of new endpoints.
        keys.publish(next.endpoints);
        guarded = buildEndpoints(next, parts, guarded);
      } catch (error) {
        keys.restore(current.endpoints);
        throw error;
      }
      current = next;
      // With files that it watches, Envoy follows a moment later.
      bootstraps.expect(options.envoy === undefined ? nextDigests : new Set([...digests, ...nextDigests]));
      digests = nextDigests;
      comfyuis.replace(next);
      ends.replace(next);
      faults = [];
      metrics.configInfo.reset();
      revision = nextRevision;
      metrics.configInfo.set({ revision }, 1);
      metrics.configReloads.inc({ result: 'applied' });
      const names = next.endpoints.map(({ name }) => name);
      log.debug({ revision, endpoints: names, ms: monotonic() - begunMs }, 'endpoints rebuilt');
      log.info({ revision }, 'configuration applied');
      audit({ event: 'configuration-applied', revision });
    },
    refuse(refused) {
      faults = refused;
      metrics.configReloads.inc({ result: 'rejected' });
      log.error({ faults: refused }, 'configuration rejected; still serving the previous revision');
      audit({ event: 'configuration-rejected', errors: refused.length });
    },
    async close() {
      await grpc.close();
      await portal.close();
      await closeOthers();
      await auditing.close();
    },
  };
}
