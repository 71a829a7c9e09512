import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'comfy_tenant_';

interface KeyState {
  readonly issuer: string;
  /** Whether there are keys to verify its tokens by. */
  readonly available: boolean;
}

/** All metrics of the service; every label has few values: no user names, hosts or paths. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const keysFetchedAtMs = new Map<string, number>();
  let keyStates: () => readonly KeyState[] = () => [];
  const configReloads = new Counter({
    name: `${PREFIX}config_reloads_total`,
    help: 'Changes of the configuration, taken or refused.',
    labelNames: ['result'] as const,
    registers,
  });
  // Prometheus sees no increase in a counter that begins at 1.
  for (const result of ['taken', 'refused']) configReloads.inc({ result }, 0);
  return {
    registry,
    checks: new Counter({
      name: `${PREFIX}checks_total`,
      help: 'Checks by decision and reason.',
      labelNames: ['endpoint', 'method', 'decision', 'reason'] as const,
      registers,
    }),
    checkSeconds: new Histogram({
      name: `${PREFIX}check_duration_seconds`,
      help: 'Time from the arrival of a check to its answer.',
      labelNames: ['endpoint', 'decision'] as const,
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    cacheRequests: new Counter({
      name: `${PREFIX}cache_requests_total`,
      help: 'Look-ups of remembered checks.',
      labelNames: ['cache', 'result'] as const,
      registers,
    }),
    passwordHashSeconds: new Histogram({
      name: `${PREFIX}password_hash_seconds`,
      help: 'Time to verify a password, waiting included.',
      buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    passwordHashQueue: new Gauge({
      name: `${PREFIX}password_hash_queue`,
      help: 'Passwords that wait to be verified.',
      registers,
    }),
    jwksFetches: new Counter({
      name: `${PREFIX}jwks_fetch_total`,
      help: 'Fetches of key sets.',
      labelNames: ['issuer', 'result'] as const,
      registers,
    }),
    jwksAgeSeconds: new Gauge({
      name: `${PREFIX}jwks_age_seconds`,
      help: 'Time since the key set was last fetched.',
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
      help: '1 if there are keys to verify the tokens of this issuer by, else 0.',
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
    /** Says where the state of the issuers' keys is found. */
    showKeys(states: () => readonly KeyState[]): void {
      keyStates = states;
    },
    comfyuiUp: new Gauge({
      name: `${PREFIX}comfyui_up`,
      help: '1 if the ComfyUI answers, with the plugin and our key, else 0; upstream is its place in the list.',
      labelNames: ['endpoint', 'upstream'] as const,
      registers,
    }),
    comfyuiWorkerAlive: new Gauge({
      name: `${PREFIX}comfyui_worker_alive`,
      help: '1 if the thread that runs prompts is alive, else 0; absent while ComfyUI does not say.',
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
      help: 'The revision that is served.',
      labelNames: ['revision'] as const,
      registers,
    }),
    lockouts: new Counter({
      name: `${PREFIX}lockouts_total`,
      help: 'Delays begun after failed passwords.',
      labelNames: ['kind'] as const,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
