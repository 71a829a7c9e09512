import { createBeginSession } from '../../src/portal/begin-session.ts';
import { makeSessionKey, type SessionKeys } from '../../src/session/session-keys.ts';
import { createSessions } from '../../src/session/sessions.ts';
import { someAccessTokens, someRevocations } from './revocations.ts';
import { pino } from 'pino';
import { createMetrics } from '../../src/admin/metrics.ts';
import type { HeaderField } from '../../src/http/request-head.ts';
import { createHashQueue } from '../../src/basic/hash-queue.ts';
import { createLoginThrottle } from '../../src/basic/login-throttle.ts';
import { createAuthorizationService, type Outcome } from '../../src/ext-authz/authorization-service.ts';
import type { Config } from '../../src/config/schema.ts';
import { upstreamDigest } from '../../src/envoy/digests.ts';
import { buildEndpoints, type EndpointParts } from '../../src/service/build-endpoints.ts';
import { aDirectory, load } from './temp-dir.ts';
import { aCheck, readAnswer, type CheckParts } from './check-messages.ts';

/** The result of a check: the user, or the reason for the refusal. */
export type Verdict = { readonly user: string } | { readonly refused: string; readonly status: number };

/** Loads the text of a configuration, or the file when it is the path of one. */
function loadText(config: string) {
  if (config.startsWith('/')) return load(config);
  const directory = aDirectory();
  const loaded = load(directory.write('comfy-tenant.yaml', config));
  directory.remove();
  return loaded;
}

/** What Envoy's route says, for hosts that are written as in the configuration. */
function routeOf({ endpoints }: Config, host = ''): Pick<CheckParts, 'endpoint' | 'upstream'> {
  const found = endpoints.find(({ domains }) => domains.includes(host)) ?? endpoints[0];
  return found === undefined ? {} : { endpoint: found.name, upstream: upstreamDigest(found) };
}

const NO_REGISTER = {
  signedIn: () => undefined,
  signedOut: () => undefined,
  list: () => [],
  find: () => undefined,
};

/** The whole check over a configuration, from the bytes of the request to the bytes of the answer, without the network. */
export function aGuard(
  config: string,
  issuer: typeof fetch = () => Promise.reject(new Error('no network here')),
) {
  const loaded = loadText(config);
  const outcomes: Outcome[] = [];
  let now = Date.now();
  const revocations = someRevocations();
  const accessTokens = someAccessTokens();
  const keys: { current: SessionKeys; generation: number } = { current: [makeSessionKey()], generation: 0 };
  const sessions = createSessions({ keys, now: () => now });
  const parts: EndpointParts = {
    revocations,
    accessTokens,
    sessions,
    beginSession: createBeginSession({
      sessions,
      register: NO_REGISTER,
      audit: () => undefined,
      trustedHops: 0,
      now: () => now,
    }),
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    now: () => now,
    monotonic: () => now,
    fetch: issuer,
    verifyKeys: [],
    hashing: createHashQueue({ parallel: 2, waiting: 100 }),
    throttle: createLoginThrottle(
      () => now,
      () => undefined,
    ),
  };
  let { config: served } = loaded;
  let guarded = buildEndpoints(served, parts);
  const check = createAuthorizationService({
    findEndpoint: () => guarded.findEndpoint,
    mint: ({ userId }) =>
      Promise.resolve({ text: `token-of-${userId}`, issuedAtMs: 0, refreshAtMs: Infinity }),
    now: () => now,
    site: () => ({ title: 'ComfyUI' }),
    trustedHops: () => loaded.config.gateway.trustedHops,
    onDecision: (outcome) => outcomes.push(outcome),
  });
  const ask = async (headers: readonly HeaderField[] = [], parts: CheckParts = {}) =>
    readAnswer(await check(aCheck(headers, { ...routeOf(served, parts.host), ...parts })));
  return {
    load: (text: string): Config => loadText(text).config,
    revocations,
    accessTokens,
    now: () => now,
    ask,
    revision: loaded.revision,
    sessions,
    /** Replaces the keys of sessions, as a change of their file does. */
    useKeys(next: SessionKeys) {
      keys.current = next;
      keys.generation += 1;
    },
    keys: () => keys.current,
    portalEndpoint: (name: string) => guarded.findPortalEndpoint(name),
    replace(next: Config) {
      guarded = buildEndpoints(next, parts, guarded);
      served = next;
    },
    /** Every request claims to be mallory as well; nothing of that may ever come out. */
    async authorize(headers: readonly HeaderField[], parts: CheckParts = {}): Promise<Verdict> {
      const forged = [
        ['x-funart-comfy-userid', 'mallory'],
        ['x-funart-comfy-token', 'forged'],
      ] as const;
      const answer = await ask([...headers, ...forged], parts);
      const { decision } = outcomes.at(-1) as Outcome;
      const user = answer.headers['x-funart-comfy-userid'];
      if (answer.code === 0 && user !== undefined) return { user };
      if (answer.code === 0 || user !== undefined || decision.kind !== 'deny')
        throw new Error(`neither let in nor refused: ${JSON.stringify({ answer, decision })}`);
      return { refused: decision.reason, status: answer.status ?? 0 };
    },
    later(ms: number) {
      now += ms;
    },
    close() {
      guarded.keyRing.close();
    },
  };
}
