import { resolve } from 'node:path';
import { isUnixSocket, type ListenAddress } from '../http/host-port.ts';
import type { ConfigParts } from './parse-parts.ts';
import type { Endpoint } from './schema.ts';

type FromFile = (path: string) => string;

function inEndpoint({ auth }: Endpoint, absolute: FromFile): void {
  if (auth.method === 'BASIC') {
    if (auth.usersFile !== undefined) auth.usersFile = absolute(auth.usersFile);
    return;
  }
  for (const { jwks, signIn } of auth.issuers) {
    if ('file' in jwks) jwks.file = absolute(jwks.file);
    if (signIn?.oidc.clientSecretFile !== undefined)
      signIn.oidc.clientSecretFile = absolute(signIn.oidc.clientSecretFile);
  }
}

function inComfyui(comfyui: ConfigParts['comfyui'], absolute: FromFile): void {
  if (comfyui === undefined) return;
  comfyui.tokenKeyFile = absolute(comfyui.tokenKeyFile);
  comfyui.verifyKeyFile = absolute(comfyui.verifyKeyFile);
  if (comfyui.publicKeyDir !== undefined) comfyui.publicKeyDir = absolute(comfyui.publicKeyDir);
}

function inTls(tls: object | undefined, absolute: FromFile): void {
  for (const [key, file] of Object.entries(tls ?? {})) {
    if (typeof file === 'string') Object.assign(tls ?? {}, { [key]: absolute(file) });
  }
}

function absoluteSocket(address: ListenAddress, absolute: FromFile): ListenAddress {
  return isUnixSocket(address) ? { path: absolute(address.path) } : address;
}

/** Where the portal listens if neither it nor the service has a Unix socket in the configuration. */
const PORTAL_ALONE: ListenAddress = { path: 'run/portal.sock' };

function inPortal({ portal, service }: ConfigParts, absolute: FromFile): void {
  if (portal === undefined) return;
  if (portal.listen === undefined && service !== undefined && !isUnixSocket(service.listen))
    portal.listen = PORTAL_ALONE;
  if (portal.listen !== undefined) portal.listen = absoluteSocket(portal.listen, absolute);
  if (portal.address !== undefined) portal.address = absoluteSocket(portal.address, absolute);
}

/** Makes the named values of a section absolute, where they are set. */
function inKeys(section: object | undefined, names: readonly string[], absolute: FromFile): void {
  for (const [key, file] of Object.entries(section ?? {})) {
    if (names.includes(key) && typeof file === 'string')
      Object.assign(section ?? {}, { [key]: absolute(file) });
  }
}

/** Files that the service itself writes. */
function inOwnFiles(parts: ConfigParts, absolute: FromFile): void {
  inKeys(parts.audit, ['file'], absolute);
  inKeys(parts.revocation, ['file', 'sessionsFile'], absolute);
  inKeys(parts.accessTokens, ['file'], absolute);
  inKeys(parts.session, ['keyFile'], absolute);
  inKeys(parts.console, ['accountsFile', 'historyDir'], absolute);
}

/** Makes every path of a parsed configuration absolute, in place. @param directory of the configuration file */
export function makePathsAbsolute(parts: ConfigParts, directory: string): void {
  const absolute: FromFile = (path) => resolve(directory, path);
  for (const { endpoint } of parts.endpoints) inEndpoint(endpoint, absolute);
  inComfyui(parts.comfyui, absolute);
  inOwnFiles(parts, absolute);
  inPortal(parts, absolute);
  inTls(parts.gateway?.tls, absolute);
  inTls(parts.service?.tls, absolute);
  if (parts.service !== undefined) {
    const { listen, address } = parts.service;
    parts.service.listen = absoluteSocket(listen, absolute);
    if (address !== undefined) parts.service.address = absoluteSocket(address, absolute);
  }
}
