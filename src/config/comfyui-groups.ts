import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { upstreamKey } from './rules/upstream-key.ts';
import type { Config, Endpoint } from './schema.ts';

/** ComfyUIs that accept the same tokens: the upstreams of endpoints that share an upstream. */
export interface ComfyuiGroup {
  /** `aud` of their tokens; depends only on the set of upstreams. */
  readonly audience: string;
  /** The public key file with which their plugin verifies tokens. */
  readonly file: string;
  /** Names of the endpoints, in the order of the configuration. */
  readonly endpoints: readonly string[];
  readonly upstreams: readonly string[];
}

function shareUpstream(one: readonly Endpoint[], other: Endpoint): boolean {
  const keys = new Set(one.flatMap(({ upstream }) => upstream.map(upstreamKey)));
  return other.upstream.some((address) => keys.has(upstreamKey(address)));
}

function audienceOf(endpoints: readonly Endpoint[]): string {
  const keys = [...new Set(endpoints.flatMap(({ upstream }) => upstream.map(upstreamKey)))].toSorted();
  return `comfyui-${createHash('sha256').update(keys.join(' ')).digest('hex').slice(0, 32)}`;
}

/** The groups of the multi-tenant endpoints. */
export function comfyuiGroups({ endpoints, comfyui }: Pick<Config, 'endpoints' | 'comfyui'>): ComfyuiGroup[] {
  let groups: Endpoint[][] = [];
  for (const endpoint of endpoints.filter(({ multiTenant }) => multiTenant)) {
    const joined = groups.filter((group) => shareUpstream(group, endpoint));
    groups = [...groups.filter((group) => !joined.includes(group)), [...joined.flat(), endpoint]];
  }
  const order = groups
    .map((group) => endpoints.filter((endpoint) => group.includes(endpoint)))
    .toSorted(([one], [other]) => endpoints.indexOf(one as Endpoint) - endpoints.indexOf(other as Endpoint));
  const folder = comfyui.publicKeyDir ?? join(dirname(comfyui.tokenKeyFile), 'public');
  return order.map((group) => ({
    audience: audienceOf(group),
    file: join(folder, order.length === 1 ? 'comfyui.json' : `comfyui-${group[0]?.name ?? ''}.json`),
    endpoints: group.map(({ name }) => name),
    upstreams: [...new Set(group.flatMap(({ upstream }) => upstream))],
  }));
}
