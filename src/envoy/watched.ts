import { dirname } from 'node:path';
import type { Config } from '../config/schema.ts';
import { EXT_AUTHZ, typeOf } from './names.ts';

export const BOOTSTRAP_FILE = 'envoy.yaml';

/** The files that Envoy watches. */
export const FILES = {
  listeners: 'listeners.yaml',
  clusters: 'clusters.yaml',
  'comfy-tenant': 'routes.yaml',
  redirects: 'redirects.yaml',
  authz: 'authz.yaml',
  certificate: 'certificate.yaml',
  clientCa: 'client-ca.yaml',
} as const;

type Watched = keyof typeof FILES;
type TlsFiles = NonNullable<Config['gateway']['tls']>;

/** Reads a file again whenever something in its folder is renamed. */
export function watch(file: Watched, folder: string) {
  return {
    resource_api_version: 'V3',
    path_config_source: { path: `${folder}/${FILES[file]}`, watched_directory: { path: folder } },
  };
}

/** Routes in a file of their own: a change is live at once, and closes no WebSocket. */
export function watchedRoutes(name: 'comfy-tenant' | 'redirects', folder: string) {
  return { rds: { route_config_name: name, config_source: watch(name, folder) } };
}

/** The ext_authz filter in a file of its own: the headers that it passes depend on the configuration. */
export function watchedAuthz(folder: string) {
  const type_urls = [typeOf('extensions.filters.http.ext_authz.v3.ExtAuthz')];
  return { name: EXT_AUTHZ, config_discovery: { config_source: watch('authz', folder), type_urls } };
}

/** Certificates in files of their own: another file, or a renewed one, is live at once. */
export function watchedTls({ clientCaFile }: TlsFiles, folder: string) {
  const secret = (name: 'certificate' | 'clientCa') => ({ name, sds_config: watch(name, folder) });
  return {
    tls_certificate_sds_secret_configs: [secret('certificate')],
    ...(clientCaFile === undefined ? {} : { validation_context_sds_secret_config: secret('clientCa') }),
  };
}

/** The secrets that `watchedTls` refers to. A renewed file is used at once. */
export function tlsSecrets({ certFile, keyFile, clientCaFile }: TlsFiles) {
  const secret = (name: 'certificate' | 'clientCa', content: object) => ({
    '@type': typeOf('extensions.transport_sockets.tls.v3.Secret'),
    name,
    ...content,
  });
  const certificate = {
    certificate_chain: { filename: certFile },
    private_key: { filename: keyFile },
    watched_directory: { path: dirname(certFile) },
  };
  const clients = (file: string) => ({
    validation_context: { trusted_ca: { filename: file }, watched_directory: { path: dirname(file) } },
  });
  return [
    secret('certificate', { tls_certificate: certificate }),
    ...(clientCaFile === undefined ? [] : [secret('clientCa', clients(clientCaFile))]),
  ];
}
