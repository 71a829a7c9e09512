import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, Endpoint } from '../config/schema.ts';
import { loadTokenKeys } from '../token/token-key.ts';
import { makeUpUser } from '../token/verify-right.ts';
import { ask, type Target } from './exchange.ts';
import { parseHostPort, reachable } from './host-port.ts';
import { verify, type Verification } from './verify.ts';
import type { Person } from './visitor.ts';

/** Two people who exist for two minutes, by a right that only who can read the token key can mint. */
async function makeUpPeople(config: Config): Promise<[Person, Person]> {
  const { signing } = loadTokenKeys(config.comfyui.tokenKeyFile);
  const [a, b] = [await makeUpUser(signing, Date.now()), await makeUpUser(signing, Date.now())];
  return [
    { name: a.userId, authorization: a.authorization },
    { name: b.userId, authorization: b.authorization },
  ];
}

/** Where the people of an endpoint come in. */
export function targetOf(config: Config, { domains }: Endpoint, url?: string): Target {
  const scheme = config.gateway.tls === undefined ? 'http' : 'https';
  const [domain = '*'] = domains;
  const host = domain === '*' ? undefined : domain.replace(/^\*/, 'verify');
  return { url: url ?? `${scheme}://${reachable(parseHostPort(config.gateway.listen))}`, host };
}

const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 30_000;

async function statusAt(target: Target, { authorization }: Person): Promise<number> {
  try {
    return (await ask(target, { path: '/_tenant/me', headers: { authorization } })).status;
  } catch {
    return 503; // Not yet listening.
  }
}

/** Waits until the gateway lets a person through to ComfyUI. @throws Error with what it answers instead */
export async function waitForWay(target: Target, person: Person, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = await statusAt(target, person);
    if (status === 200) return;
    // Envoy has not yet seen ComfyUI well; any other answer stays as it is.
    if (status !== 503 || Date.now() > deadline)
      throw new Error(`${target.url} answers ${person.name} with status ${status}`);
    await sleep(LOOK_EVERY_MS, undefined, signal && { signal });
  }
}

export interface EndpointVerification extends Verification {
  readonly endpoint: string;
  readonly target: Target;
}

export interface VerifySiteOptions {
  /** Who verifies; without them two made-up people do. */
  readonly people?: readonly [Person, Person] | undefined;
  /** Where the gateway is; by the configuration when left out. */
  readonly url?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Verifies every endpoint that keeps people apart, through the running gateway. */
export async function verifySite(
  config: Config,
  options: VerifySiteOptions,
): Promise<EndpointVerification[]> {
  const { url, signal } = options;
  const results: EndpointVerification[] = [];
  for (const endpoint of config.endpoints.filter(({ multiTenant }) => multiTenant)) {
    const people = options.people ?? (await makeUpPeople(config));
    const target = targetOf(config, endpoint, url);
    await waitForWay(target, people[0], signal);
    results.push({
      endpoint: endpoint.name,
      target,
      ...(await verify({ gateway: target, people, upstreams: endpoint.upstream })),
    });
  }
  return results;
}
