import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createComfyuiMetrics } from './comfyui-metrics.ts';

const PREFIX = 'comfy_tenant_';

interface KeyState {
  readonly issuer: string;
  /** Whether there are keys that can verify its tokens. */
  readonly available: boolean;
}

interface PartState {
  readonly kind: string;
  readonly works: boolean;
}

/** All metrics of the service. Labels have few values: no user names, hosts or paths. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const keysFetchedAtMs = new Map<string, number>();
  let keyStates: () => readonly KeyState[] = () => [];
  let partStates: () => readonly PartState[] = () => [];
  const configReloads = new Counter({
    name: `${PREFIX}config_reloads_total`,
    help: 'Configuration changes that were applied or rejected.',
    labelNames: ['result'] as const,
    registers,
  });
  // Start at 0: Prometheus sees no increase in a counter whose first sample is 1.
  for (const result of ['applied', 'rejected']) configReloads.inc({ result }, 0);
  const lockouts = new Counter({
    name: `${PREFIX}lockouts_total`,
    help: 'Delays imposed after failed passwords.',
    labelNames: ['kind'] as const,
    registers,
  });
  for (const kind of ['user', 'address', 'strangers']) lockouts.inc({ kind }, 0);
  return {
    registry,
    comfyuis: createComfyuiMetrics(registry),
    checks: new Counter({
      name: `${PREFIX}checks_total`,
      help: 'Authorization checks by decision and reason.',
      labelNames: ['endpoint', 'method', 'decision', 'reason'] as const,
      registers,
    }),
    checkSeconds: new Histogram({
      name: `${PREFIX}check_duration_seconds`,
      help: 'Time to answer an authorization check.',
      labelNames: ['endpoint', 'decision'] as const,
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    cacheRequests: new Counter({
      name: `${PREFIX}cache_requests_total`,
      help: 'Lookups in the cache of decisions.',
      labelNames: ['cache', 'result'] as const,
      registers,
    }),
    passwordHashSeconds: new Histogram({
      name: `${PREFIX}password_hash_seconds`,
      help: 'Time to verify a password, including time in the queue.',
      buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    passwordHashQueue: new Gauge({
      name: `${PREFIX}password_hash_queue`,
      help: 'Passwords waiting to be verified.',
      registers,
    }),
    jwksFetches: new Counter({
      name: `${PREFIX}jwks_fetch_total`,
      help: 'JWKS fetches.',
      labelNames: ['issuer', 'result'] as const,
      registers,
    }),
    jwksAgeSeconds: new Gauge({
      name: `${PREFIX}jwks_age_seconds`,
      help: 'Time since the last successful JWKS fetch.',
      labelNames: ['issuer'] as const,
      registers,
      collect() {
        this.reset();
        for (const issuer of new Set(keyStates().map((state) => state.issuer))) {
          const atMs = keysFetchedAtMs.get(issuer);
          if (atMs !== undefined) this.set({ issuer }, Math.max(0, Date.now() - atMs) / 1000);
        }
      },
    }),
    jwksAvailable: new Gauge({
      name: `${PREFIX}jwks_available`,
      help: '1 if there are keys to verify tokens of this issuer, else 0.',
      labelNames: ['issuer'] as const,
      registers,
      collect() {
        this.reset();
        for (const { issuer } of keyStates()) {
          const all = keyStates().filter((state) => state.issuer === issuer);
          this.set({ issuer }, all.every(({ available }) => available) ? 1 : 0);
        }
      },
    }),
    partWorks: new Gauge({
      name: `${PREFIX}part_works`,
      help: '1 if all parts of this kind work, 0 if one needs attention: the console and /readyz say what to do.',
      labelNames: ['kind'] as const,
      registers,
      collect() {
        this.reset();
        for (const { kind, works } of partStates()) if (works) this.set({ kind }, 1);
        for (const { kind, works } of partStates()) if (!works) this.set({ kind }, 0);
      },
    }),
    /** Sets the source of the states of the parts, read at every scrape. */
    showParts(states: () => readonly PartState[]): void {
      partStates = states;
    },
    /** Sets the source of the issuers' key states, read at every scrape. */
    showKeys(states: () => readonly KeyState[]): void {
      keyStates = states;
    },
    comfyuiUp: new Gauge({
      name: `${PREFIX}comfyui_up`,
      help: '1 if ComfyUI answers and its plugin has our key, else 0; upstream is its position in the list, from 1.',
      labelNames: ['endpoint', 'upstream'] as const,
      registers,
    }),
    comfyuiWorkerAlive: new Gauge({
      name: `${PREFIX}comfyui_worker_alive`,
      help: '1 if the thread that runs prompts is alive, else 0; absent if the plugin does not report it.',
      labelNames: ['endpoint', 'upstream'] as const,
      registers,
    }),
    /** @param atMs milliseconds since 1970 */
    keysFetched(issuer: string, atMs: number): void {
      keysFetchedAtMs.set(issuer, atMs);
    },
    configReloads,
    configInfo: new Gauge({
      name: `${PREFIX}config_info`,
      help: 'The configuration revision in use.',
      labelNames: ['revision'] as const,
      registers,
    }),
    revocations: new Counter({
      name: `${PREFIX}revocations_total`,
      help: 'Revocations that took effect, by this process or another that shares the file.',
      registers,
    }),
    webSocketsClosed: new Counter({
      name: `${PREFIX}websockets_closed_total`,
      help: 'WebSockets that ComfyUI closed because of a revocation or a changed user list.',
      registers,
    }),
    webSocketCloseFailures: new Counter({
      name: `${PREFIX}websocket_close_failures_total`,
      help: 'Failed requests to a ComfyUI to close WebSockets; they are repeated.',
      registers,
    }),
    lockouts,
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
