import type { Config, Endpoint } from '../config/schema.ts';
import { withoutCors } from './cors.ts';
import { unguarded } from './filters.ts';
import { ENDPOINT, PORTAL, portalHeadersToRemove } from './names.ts';

/** What a server may read as `/`, `.` or nothing at the start of a path or after `..`. */
const SKIPPED = String.raw`(?:[./\\]|%2f|%5c|%2e)*`;
const END = String.raw`(?:(?:[/\\;?#]|%2f|%5c|%3b|%3f|%23|%00).*)?`;
/** Paths that some server may read as `/_auth`: in another case, with escapes, or after `..`. */
const DISGUISED = String.raw`(?i)(?:/|/.*\.\.)${SKIPPED}_auth${END}`;

const STREAM = '30s';

/**
 * The portal's pages at `/_auth/`, without ext_authz: the portal authenticates by itself. Nothing that any server may read
 * as such a path reaches ComfyUI.
 */
export function portalRoutes(endpoint: Endpoint, config: Config) {
  const toPortal = {
    route: {
      cluster: PORTAL,
      timeout: STREAM,
      idle_timeout: STREAM,
      max_stream_duration: { max_stream_duration: STREAM },
      upgrade_configs: [{ upgrade_type: 'websocket', enabled: false }],
    },
    request_headers_to_remove: portalHeadersToRemove(config),
    request_headers_to_add: [
      {
        header: { key: ENDPOINT, value: endpoint.name },
        append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
      },
    ],
    typed_per_filter_config: { ...unguarded(), ...withoutCors(endpoint) },
  };
  return [
    { match: { path: '/_auth' }, ...toPortal },
    { match: { prefix: '/_auth/' }, ...toPortal },
    {
      match: { safe_regex: { regex: DISGUISED } },
      direct_response: { status: 404 },
      typed_per_filter_config: unguarded(),
    },
  ];
}
