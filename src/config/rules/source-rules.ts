import type { ConfigPath, Diagnostics } from '../../config-file/diagnostics.ts';
import { idClaimOf } from '../../jwt/identify.ts';
import type { PlacedEndpoint } from '../parse-parts.ts';
import type { Endpoint } from '../schema.ts';
import { upstreamKey } from './upstream-key.ts';

/** A source of users: an endpoint's user list, or one of its issuers. */
interface Source {
  readonly path: ConfigPath;
  readonly label: string;
  readonly prefix: string;
  /** Equal for two sources if the same name is always the same person. */
  readonly people: string;
}

function sourcesOf({ at, endpoint }: PlacedEndpoint): Source[] {
  const { auth, name } = endpoint;
  const path = ['endpoints', at, 'auth'];
  if (auth.method === 'BASIC') {
    const people = JSON.stringify(auth.users.length === 0 ? auth.usersFile : { at });
    return [{ path, label: `endpoint ${name}`, prefix: auth.userIdPrefix ?? '', people }];
  }
  const idClaim = idClaimOf(auth.claimTransformations);
  return auth.issuers.map((rules, index) => ({
    path: [...path, 'issuers', index],
    label: `issuers[${index}] of endpoint ${name}`,
    prefix: rules.userIdPrefix ?? '',
    people: JSON.stringify(rules.issuer === undefined ? { at, index } : [rules.issuer, rules.jwks, idClaim]),
  }));
}

function checkUpstream(upstream: string, sources: readonly Source[], diagnostics: Diagnostics): void {
  const first = new Map<string, Source>();
  for (const source of sources) {
    const other = first.get(source.prefix);
    if (other === undefined) first.set(source.prefix, source);
    else if (other.people !== source.people) {
      diagnostics.fault(
        source.path,
        `shares ${upstream} with ${other.label}, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both`,
      );
    }
  }
}

function upstreamsOf(
  endpoints: readonly PlacedEndpoint[],
  wanted: (endpoint: Endpoint) => boolean,
): Map<string, PlacedEndpoint[]> {
  const found = new Map<string, PlacedEndpoint[]>();
  for (const placed of endpoints) {
    if (!wanted(placed.endpoint)) continue;
    for (const key of new Set(placed.endpoint.upstream.map(upstreamKey))) {
      found.set(key, [...(found.get(key) ?? []), placed]);
    }
  }
  return found;
}

/** Two people never share a user id: sources in front of one ComfyUI need different prefixes, or sameUsers. */
export function checkSources(
  endpoints: readonly PlacedEndpoint[],
  sameUsers: boolean,
  diagnostics: Diagnostics,
): void {
  const tenants = upstreamsOf(endpoints, ({ multiTenant }) => multiTenant);
  if (!sameUsers)
    for (const [key, placed] of tenants) checkUpstream(key, placed.flatMap(sourcesOf), diagnostics);
  for (const [key, placed] of upstreamsOf(endpoints, ({ multiTenant }) => !multiTenant)) {
    const [other] = tenants.get(key) ?? [];
    if (other === undefined) continue;
    for (const { at } of placed) {
      diagnostics.warn(
        ['endpoints', at, 'multiTenant'],
        `is false, but endpoint ${other.endpoint.name} uses ${key} in multi-tenant mode: its plugin rejects requests without a user id`,
      );
    }
  }
}
