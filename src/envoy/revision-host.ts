import { REVISION_HOST, REVISION_PATHS, REVISION_ROUTE, REVISION_SOCKET } from '../http/revision-host.ts';
import { router, unguarded } from './filters.ts';
import { EXT_AUTHZ, typeOf } from './names.ts';
import { ROUTES } from './routes.ts';
import { watchedAuthz, watchedRoutes } from './watched.ts';

/** Identifies the content of each file, so that the service can ask which of them Envoy uses. */
export interface Revisions {
  readonly routes: string;
  readonly authz: string;
  readonly clusters: string;
  readonly listeners: string;
}

const markerOf = (clusters: string): string => `revision-${clusters}`;

/** A cluster without endpoints, which exists once Envoy has read the file. */
export function markerCluster(clusters: string) {
  return { name: markerOf(clusters), type: 'STATIC', connect_timeout: '1s' };
}

/**
 * Tells the service which files Envoy uses: the routes' revision as text; 503 if the clusters are of these revisions, else
 * 404; and the service's answer to a header that only the filter of this revision passes to it.
 */
export function revisionHost({ routes, clusters }: Pick<Revisions, 'routes' | 'clusters'>) {
  const free = { typed_per_filter_config: unguarded() };
  return {
    name: 'revision',
    domains: [REVISION_HOST],
    routes: [
      {
        match: { path: REVISION_PATHS.routes },
        direct_response: { status: 200, body: { inline_string: routes } },
        ...free,
      },
      {
        match: { path: REVISION_PATHS.clusters },
        route: { cluster: markerOf(clusters), cluster_not_found_response_code: 'NOT_FOUND' },
        ...free,
      },
      {
        match: { path: REVISION_PATHS.authz },
        direct_response: { status: 500 },
        typed_per_filter_config: {
          [EXT_AUTHZ]: {
            '@type': typeOf('extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'),
            check_settings: { context_extensions: { endpoint: REVISION_ROUTE } },
          },
        },
      },
    ],
  };
}

/** Only for the host above; everything else belongs on the gateway's own listener. */
function onlyRevision() {
  const host = { header: { name: ':authority', string_match: { exact: REVISION_HOST } } };
  const policies = { revision: { permissions: [host], principals: [{ any: true }] } };
  return {
    name: 'only-revision',
    typed_config: {
      '@type': typeOf('extensions.filters.http.rbac.v3.RBAC'),
      rules: { action: 'ALLOW', policies },
    },
  };
}

/** A Unix socket in the folder of the files, at which the service asks. It names the listeners' revision in the header `server`. */
export function revisionListener(listeners: string, folder: string) {
  const typed_config = {
    '@type': typeOf('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'revision',
    server_name: listeners,
    ...watchedRoutes(ROUTES, folder),
    request_headers_timeout: '5s',
    http_filters: [onlyRevision(), watchedAuthz(folder), router()],
  };
  return {
    name: 'revision',
    address: { pipe: { path: `${folder}/${REVISION_SOCKET}`, mode: 0o600 } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config }] }],
  };
}
