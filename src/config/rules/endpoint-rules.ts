import { parseUserId } from '../../auth/user-id.ts';
import type { Diagnostics } from '../../config-file/diagnostics.ts';
import type { PlacedEndpoint } from '../parse-parts.ts';
import { upstreamKey } from './upstream-key.ts';

function checkUpstreams({ at, endpoint }: PlacedEndpoint, diagnostics: Diagnostics): void {
  const path = ['endpoints', at, 'upstream'];
  const keys = endpoint.upstream.map(upstreamKey);
  const twice = keys.find((key, index) => keys.indexOf(key) < index);
  if (twice !== undefined) diagnostics.fault(path, `lists ${twice} twice: list each ComfyUI only once`);
  const tls = endpoint.upstream.filter((address) => address.startsWith('https:')).length;
  if (tls > 0 && tls < endpoint.upstream.length)
    diagnostics.fault(path, 'mixes http and https: use one scheme for all ComfyUIs of an endpoint');
}

/** A list distributes users, but gives no failover. */
function warnAboutFailover({ at, endpoint }: PlacedEndpoint, diagnostics: Diagnostics): void {
  if (endpoint.upstream.length < 2) return;
  diagnostics.warn(
    ['endpoints', at, 'upstream'],
    'a list has no failover of live sessions: after a ComfyUI or Envoy restarts, open WebSockets and new requests of a ' +
      'user may reach different ComfyUIs until the page is reloaded; see "Several ComfyUIs" in docs/operator.md',
  );
}

function checkPublicPaths({ at, endpoint }: PlacedEndpoint, diagnostics: Diagnostics): void {
  const seen = new Set<string>();
  endpoint.publicPaths.forEach(({ path }, index) => {
    if (seen.has(path))
      diagnostics.fault(['endpoints', at, 'publicPaths', index, 'path'], `${path} is listed twice: keep one`);
    seen.add(path);
    if (/^\/_auth(\/|\*|$)/i.test(path))
      diagnostics.fault(
        ['endpoints', at, 'publicPaths', index, 'path'],
        'is below /_auth, where the service has its sign-in pages: use another path',
      );
  });
}

function checkOperators({ at, endpoint }: PlacedEndpoint, diagnostics: Diagnostics): void {
  endpoint.auth.operators?.users.forEach((user, index) => {
    if (parseUserId(user) !== undefined) return;
    diagnostics.fault(
      ['endpoints', at, 'auth', 'operators', 'users', index],
      'must be a user id as ComfyUI sees it, percent-encoded, such as alice or corp~alice%2Fx',
    );
  });
}

function checkNames(endpoints: readonly PlacedEndpoint[], diagnostics: Diagnostics): void {
  const names = new Map<string, number>();
  const domains = new Map<string, string>();
  for (const { at, endpoint } of endpoints) {
    const first = names.get(endpoint.name);
    if (first === undefined) names.set(endpoint.name, at);
    else
      diagnostics.fault(
        ['endpoints', at, 'name'],
        `${endpoint.name} is already the name of endpoints[${first}]: names must differ`,
      );
    endpoint.domains.forEach((domain, index) => {
      const key = domain.toLowerCase();
      const owner = domains.get(key);
      if (owner === undefined) {
        domains.set(key, `endpoints[${at}] (${endpoint.name})`);
        return;
      }
      const all = key === '*' ? '* (all other hosts; the default without domains)' : domain;
      diagnostics.fault(
        ['endpoints', at, 'domains', index],
        `${all} is already a domain of ${owner}: a domain can belong to only one endpoint`,
      );
    });
  }
}

/** Rules for endpoints of either method, and across endpoints. */
export function checkEndpoints(endpoints: readonly PlacedEndpoint[], diagnostics: Diagnostics): void {
  checkNames(endpoints, diagnostics);
  for (const placed of endpoints) {
    checkUpstreams(placed, diagnostics);
    warnAboutFailover(placed, diagnostics);
    checkPublicPaths(placed, diagnostics);
    checkOperators(placed, diagnostics);
  }
}
