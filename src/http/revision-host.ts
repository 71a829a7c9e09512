/**
 * The virtual host that tells the service which of its files Envoy uses. Envoy's listener for it is a Unix socket in the folder
 * of those files.
 */
export const REVISION_HOST = 'revision.comfy-tenant.invalid';
export const REVISION_SOCKET = 'revision.sock';
export const REVISION_PATHS = { routes: '/routes', clusters: '/clusters', authz: '/authz' } as const;

/** The endpoint that the route of `/authz` names in its checks; no configured endpoint can have this name. */
export const REVISION_ROUTE = ':revision';
/** Followed by the revision of the ext_authz filter, which passes only its own. */
export const REVISION_HEADER = 'x-comfy-tenant-revision-';
/** The service's answers there: the filter passed such a header, or did not. */
export const REVISION_STATUS = { passed: 404, missing: 409 } as const;
