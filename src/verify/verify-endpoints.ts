import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, Endpoint } from '../config/schema.ts';
import { explainError } from '../errors/explain-error.ts';
import { loadVerifyKeys } from '../token/token-key.ts';
import { createProbeUser } from '../token/probe-user.ts';
import { sendRequest, type Target } from './http-request.ts';
import { parseOrigin, reachable } from '../http/host-port.ts';
import { verify, type Verification } from './verify.ts';
import type { TestUser } from './test-client.ts';

/** Two temporary users, valid for two minutes; only someone who can read the verify key can create them. */
async function createProbeUsers(config: Config): Promise<[TestUser, TestUser]> {
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

/** A host that matches the domain pattern and no other endpoint; undefined for the gateway's own host. */
function hostOf(domain: string, others: ReadonlySet<string>, gateway: string): string | undefined {
  if (!domain.startsWith('*')) return domain;
  if (domain === '*' && !others.has(gateway)) return undefined;
  // RFC 6761 §6.4: names below .invalid never exist.
  const suffix = domain === '*' ? '.invalid' : domain.slice(1);
  for (let n = 1; ; n += 1) {
    const host = `verify${n === 1 ? '' : n}${suffix}`;
    if (!others.has(host)) return host;
  }
}

/** The URL and `Host` by which an endpoint is reached through the gateway. */
export function targetOf(config: Config, { domains }: Endpoint, url?: string): Target {
  const scheme = config.gateway.tls === undefined ? 'http' : 'https';
  const at = url ?? `${scheme}://${reachable(config.gateway.listen)}`;
  const others = new Set(config.endpoints.flatMap((one) => one.domains.map((name) => name.toLowerCase())));
  const [domain = '*'] = domains;
  return { url: at, host: hostOf(domain.toLowerCase(), others, parseOrigin(at).host.toLowerCase()) };
}

const POLL_MS = 200;
const TIMEOUT_MS = 30_000;

const REMEDIES: Readonly<Record<number, string>> = {
  400: ': it rejects this host; see endpoints[].domains',
  401: ": it does not know this service's token key; run verify on the machine with the gateway's configuration and keys",
  404: ': it has no comfy-tenant plugin behind it; see comfy-tenant check --live',
  421: ': it has no endpoint for this host; restart the gateway with this configuration',
  503: ': the service or ComfyUI is unavailable; comfy-tenant check --live says why',
};

type Reached = { readonly ok: true } | { readonly ok: false; readonly why: string; readonly retry: boolean };

const NOT_LISTENING = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT']);

async function probeGateway(target: Target, { name, authorization }: TestUser): Promise<Reached> {
  try {
    const { status } = await sendRequest(target, { path: '/_tenant/me', headers: { authorization } });
    if (status === 200) return { ok: true };
    // 503: ComfyUI may not have passed Envoy's health check yet. Other statuses do not change by waiting.
    return {
      ok: false,
      why: `answers ${name} with status ${status}${REMEDIES[status] ?? ''}`,
      retry: status === 503,
    };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { ok: false, why: `cannot be reached. ${explainError(error)}`, retry: NOT_LISTENING.has(code) };
  }
}

function shown({ url, host }: Target): string {
  return host === undefined ? url : `${url} as ${host}`;
}

/** Waits up to 30 s until a user reaches ComfyUI through the gateway. @throws Error with the reason and a fix */
export async function waitUntilReachable(
  target: Target,
  person: TestUser,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const reached = await probeGateway(target, person);
    if (reached.ok) return;
    if (!reached.retry || Date.now() > deadline) throw new Error(`${shown(target)} ${reached.why}`);
    await sleep(POLL_MS, undefined, signal && { signal });
  }
}

export interface EndpointVerification extends Verification {
  readonly endpoint: string;
  readonly target: Target;
}

export interface VerifyEndpointsOptions {
  /** The users of the test; two temporary users if omitted. */
  readonly people?: readonly [TestUser, TestUser] | undefined;
  /** URL of the gateway; from `gateway.listen` if omitted. */
  readonly url?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Tests isolation of every multi-tenant endpoint through the running gateway. @throws Error if a test cannot run */
export async function verifyEndpoints(
  config: Config,
  options: VerifyEndpointsOptions,
): Promise<EndpointVerification[]> {
  const { url, signal } = options;
  const results: EndpointVerification[] = [];
  for (const endpoint of config.endpoints.filter(({ multiTenant }) => multiTenant)) {
    const people = options.people ?? (await createProbeUsers(config));
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
