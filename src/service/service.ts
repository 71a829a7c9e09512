import { availableParallelism } from 'node:os';
import { startAdminServer, type Readiness } from '../admin/admin-server.ts';
import type { Log } from '../admin/log.ts';
import { createMetrics } from '../admin/metrics.ts';
import { measureHashes } from '../admin/measure-hashes.ts';
import { observe } from '../admin/observe.ts';
import { createHashQueue } from '../basic/hash-queue.ts';
import { createLoginThrottle } from '../basic/login-throttle.ts';
import { openComfyuiKeys } from './comfyui-keys.ts';
import type { Config } from '../config/schema.ts';
import { buildEndpoints, type BuiltEndpoints, type EndpointParts } from './build-endpoints.ts';
import { bootstrapDigests } from '../envoy/render.ts';
import { createAuthorizationService } from '../ext-authz/authorization-service.ts';
import { watchBootstrap } from '../ext-authz/bootstrap-watch.ts';
import { startGrpcServer } from '../ext-authz/grpc-server.ts';
import { createMint } from '../token/mint-token.ts';
import type { TokenKeys } from '../token/token-key.ts';
import { watchComfyuis } from './watch-comfyuis.ts';
import type { AskComfyui } from '../comfyui/watch-upstreams.ts';

export interface ServiceOptions {
  readonly config: Config;
  /** What tells this state of the configuration from others. */
  readonly revision: string;
  readonly log: Log;
  readonly fetch?: typeof fetch;
  /** How to ask a ComfyUI whether it can serve; none is asked when left out. */
  readonly askComfyui?: AskComfyui;
  /** Takes values of the environment out of what is reported. */
  readonly conceal?: (text: string) => string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds that only ever grow, whatever is done to the clock. */
  readonly monotonic?: () => number;
}

export interface Service {
  /** The TCP port of the checks; undefined on a Unix socket. */
  readonly port: number | undefined;
  readonly adminPort: number;
  /** What signs the tokens for ComfyUI. */
  readonly keys: TokenKeys;
  /**
   * Serves another state of the configuration from the next check on. What is bound at the start stays: `service`,
   * `admin`, `gateway`.
   *
   * @throws Error, and nothing has changed, when a part of it cannot be built
   */
  replace(config: Config, revision: string): void;
  /** Says that a change was refused, and why; what is served goes on. */
  refuse(faults: readonly string[]): void;
  close(): Promise<void>;
}

function keyProblems({ keyRing }: BuiltEndpoints): string[] {
  return keyRing.issuers.flatMap(({ issuer, source: { problem } }) =>
    problem === undefined ? [] : [`keys of ${issuer}: ${problem}`],
  );
}

/** Its tokens have never been verifiable here: whoever balances load should send nobody. */
function neverHadKeys({ keyRing }: BuiltEndpoints): boolean {
  return keyRing.issuers.some(({ source }) => source.current() === undefined && source.generation === 0);
}

/** Builds every part and starts to serve. Rejects, with nothing left open, when a part cannot start. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const {
    config,
    log,
    now = Date.now,
    monotonic = () => performance.now(),
    conceal = (text: string) => text,
  } = options;
  const metrics = createMetrics();
  const keys = openComfyuiKeys(config, log);
  keys.publish(config.endpoints);
  // One processor is left to all who are remembered.
  const { parallelHashes = Math.max(1, availableParallelism() - 1), waitingHashes } = config.service;
  const parts: EndpointParts = {
    log,
    metrics,
    now,
    fetch: options.fetch ?? fetch,
    verifyKeys: keys.verify,
    hashing: measureHashes(createHashQueue({ parallel: parallelHashes, waiting: waitingHashes }), metrics),
    throttle: createLoginThrottle(monotonic, (kind) => {
      metrics.lockouts.inc({ kind });
    }),
  };
  let guarded = buildEndpoints(config, parts);
  const bootstraps = watchBootstrap({
    now: () => performance.now(),
    onOutdated(problem) {
      log.warn({ problem }, 'Envoy needs a new bootstrap');
    },
  });
  bootstraps.expect(bootstrapDigests(config));
  let { endpoints } = config;
  let faults: readonly string[] = [];
  let revision = options.revision;
  metrics.configInfo.set({ revision }, 1);

  const check = createAuthorizationService({
    findEndpoint: () => guarded.findEndpoint,
    mint: createMint(keys.token, now),
    now,
    trustedHops: config.gateway.trustedHops,
    onBootstrap: (digest) => {
      bootstraps.seen(digest);
    },
    onDecision: observe(metrics, log),
  });
  metrics.showKeys(() =>
    guarded.keyRing.issuers.map(({ issuer, source }) => ({
      issuer,
      available: source.current() !== undefined,
    })),
  );
  const comfyuis = watchComfyuis(config, options.askComfyui, { metrics, log });
  const readiness = (): Readiness => ({
    ready: !neverHadKeys(guarded),
    revision,
    problems: [...faults, ...bootstraps.problems(), ...keyProblems(guarded), ...comfyuis.problems].map(
      conceal,
    ),
  });
  const admin = await startAdminServer({
    listen: config.admin.listen,
    hosts: config.admin.hosts,
    registry: metrics.registry,
    readiness,
  });
  const grpc = await startGrpcServer({ ...config.service, check }).catch(async (error: unknown) => {
    await admin.close();
    guarded.keyRing.close();
    comfyuis.close();
    throw error;
  });
  log.info({ revision, service: config.service.listen, admin: config.admin.listen }, 'serving');

  return {
    port: grpc.port,
    adminPort: admin.port,
    keys: keys.token,
    replace(next, nextRevision) {
      const begunMs = monotonic();
      const digests = bootstrapDigests(next);
      try {
        // First: ComfyUI must know by what the tokens of new endpoints are verified.
        keys.publish(next.endpoints);
        guarded = buildEndpoints(next, parts, guarded);
      } catch (error) {
        keys.restore(endpoints);
        throw error;
      }
      ({ endpoints } = next);
      bootstraps.expect(digests);
      comfyuis.replace(next);
      faults = [];
      metrics.configInfo.reset();
      revision = nextRevision;
      metrics.configInfo.set({ revision }, 1);
      metrics.configReloads.inc({ result: 'taken' });
      const names = next.endpoints.map(({ name }) => name);
      log.debug({ revision, endpoints: names, ms: monotonic() - begunMs }, 'endpoints rebuilt');
      log.info({ revision }, 'configuration taken');
    },
    refuse(refused) {
      faults = refused;
      metrics.configReloads.inc({ result: 'refused' });
      log.error({ faults: refused }, 'configuration refused; the one before is served on');
    },
    async close() {
      await grpc.close();
      await admin.close();
      guarded.keyRing.close();
      comfyuis.close();
    },
  };
}
