import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, Endpoint } from '../config/schema.ts';
import { explainError } from '../errors/explain-error.ts';
import { loadVerifyKeys } from '../token/token-key.ts';
import { createProbeUser } from '../token/probe-user.ts';
import { sendRequest, type Target } from './http-request.ts';
import { parseHostPort, parseOrigin, reachable } from '../http/host-port.ts';
import { verify, type Verification } from './verify.ts';
import type { TestUser } from './test-client.ts';

/** Two people who exist for two minutes, by a right that only someone who can read the verify key can mint. */
async function makeUpPeople(config: Config): Promise<[TestUser, TestUser]> {
  const [{ privateKey }] = loadVerifyKeys(config.comfyui.verifyKeyFile);
  const [a, b] = [
    await createProbeUser(privateKey, Date.now()),
    await createProbeUser(privateKey, Date.now()),
  ];
  return [
    { name: a.userId, authorization: a.authorization, untilMs: a.expiresAtMs },
    { name: b.userId, authorization: b.authorization, untilMs: b.expiresAtMs },
  ];
}

/** The host that a pattern of domains matches and that leads to no other endpoint; undefined for the gateway's own. */
function hostOf(domain: string, others: ReadonlySet<string>, gateway: string): string | undefined {
  if (!domain.startsWith('*')) return domain;
  if (domain === '*' && !others.has(gateway)) return undefined;
  // RFC 6761 §6.4: nobody has a name below .invalid.
  const suffix = domain === '*' ? '.invalid' : domain.slice(1);
  for (let n = 1; ; n += 1) {
    const host = `verify${n === 1 ? '' : n}${suffix}`;
    if (!others.has(host)) return host;
  }
}

/** Where the people of an endpoint come in. */
export function targetOf(config: Config, { domains }: Endpoint, url?: string): Target {
  const scheme = config.gateway.tls === undefined ? 'http' : 'https';
  const at = url ?? `${scheme}://${reachable(parseHostPort(config.gateway.listen))}`;
  const others = new Set(config.endpoints.flatMap((one) => one.domains.map((name) => name.toLowerCase())));
  const [domain = '*'] = domains;
  return { url: at, host: hostOf(domain.toLowerCase(), others, parseOrigin(at).host.toLowerCase()) };
}

const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 30_000;

const REMEDIES: Readonly<Record<number, string>> = {
  400: ': it rejects this host; see endpoints[].domains',
  401: ": it does not know this service's token key; verify where the gateway's own configuration and keys are",
  404: ': it has no comfy-tenant plugin behind it; see comfy-tenant check --live',
  421: ': it has no endpoint for this host; restart the gateway with this configuration',
  503: ': the service or ComfyUI is unavailable; comfy-tenant check --live says why',
};

type Way = { readonly open: true } | { readonly open: false; readonly why: string; readonly passes: boolean };

const NOT_LISTENING = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT']);

async function tryWay(target: Target, { name, authorization }: TestUser): Promise<Way> {
  try {
    const { status } = await sendRequest(target, { path: '/_tenant/me', headers: { authorization } });
    if (status === 200) return { open: true };
    // Envoy has not yet seen ComfyUI well; any other answer stays as it is.
    return {
      open: false,
      why: `answers ${name} with status ${status}${REMEDIES[status] ?? ''}`,
      passes: status === 503,
    };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { open: false, why: `cannot be reached. ${explainError(error)}`, passes: NOT_LISTENING.has(code) };
  }
}

function shown({ url, host }: Target): string {
  return host === undefined ? url : `${url} as ${host}`;
}

/** Waits until the gateway lets a person through to ComfyUI. @throws Error with what it answers instead */
export async function waitUntilReachable(
  target: Target,
  person: TestUser,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const way = await tryWay(target, person);
    if (way.open) return;
    if (!way.passes || Date.now() > deadline) throw new Error(`${shown(target)} ${way.why}`);
    await sleep(LOOK_EVERY_MS, undefined, signal && { signal });
  }
}

export interface EndpointVerification extends Verification {
  readonly endpoint: string;
  readonly target: Target;
}

export interface VerifyEndpointsOptions {
  /** Who verifies; without them two made-up people do. */
  readonly people?: readonly [TestUser, TestUser] | undefined;
  /** Where the gateway is; by the configuration when left out. */
  readonly url?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Verifies every endpoint that keeps people apart, through the running gateway. */
export async function verifyEndpoints(
  config: Config,
  options: VerifyEndpointsOptions,
): Promise<EndpointVerification[]> {
  const { url, signal } = options;
  const results: EndpointVerification[] = [];
  for (const endpoint of config.endpoints.filter(({ multiTenant }) => multiTenant)) {
    const people = options.people ?? (await makeUpPeople(config));
    const target = targetOf(config, endpoint, url);
    await waitUntilReachable(target, people[0], signal);
    results.push({
      endpoint: endpoint.name,
      target,
      ...(await verify({ gateway: target, people, upstreams: endpoint.upstream })),
    });
  }
  return results;
}
