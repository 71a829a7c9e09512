import { statSync } from 'node:fs';
import { stateFiles } from './state-files.ts';
import type { Config } from './schema.ts';

interface SecretFile {
  readonly key: string;
  readonly path: string | undefined;
}

const BY_OTHERS = 0o006;
const GROUP_WRITE = 0o020;
const OTHERS_WRITE = 0o002;

/** Files that would let a reader impersonate users or crack their passwords offline. */
function secretFiles(config: Config): SecretFile[] {
  const { comfyui, gateway, service, endpoints } = config;
  const files = stateFiles(config);
  const ofEndpoints = endpoints.flatMap(({ auth }, at): SecretFile[] => {
    const key = `endpoints[${at}].auth`;
    if (auth.method === 'BASIC') return [{ key: `${key}.usersFile`, path: auth.usersFile }];
    return auth.issuers.flatMap(({ jwks, algorithms = [], signIn }, index) => {
      const isShared = algorithms.some((name) => name.startsWith('HS'));
      const issuer = `${key}.issuers[${index}]`;
      return [
        { key: `${issuer}.jwks.file`, path: isShared && 'file' in jwks ? jwks.file : undefined },
        { key: `${issuer}.signIn.oidc.clientSecretFile`, path: signIn?.oidc.clientSecretFile },
      ];
    });
  });
  return [
    ...ofEndpoints,
    { key: 'comfyui.tokenKeyFile', path: comfyui.tokenKeyFile },
    { key: 'comfyui.verifyKeyFile', path: comfyui.verifyKeyFile },
    { key: 'session.keyFile', path: files.sessionKeys },
    { key: 'revocation.file', path: files.revocations },
    { key: 'accessTokens.file', path: files.accessTokens },
    { key: 'console.accountsFile', path: files.consoleAccounts },
    { key: 'console.historyDir', path: files.consoleHistory },
    { key: 'gateway.tls.keyFile', path: gateway.tls?.keyFile },
    { key: 'service.tls.keyFile', path: service.tls?.keyFile },
    { key: 'service.tls.clientKeyFile', path: service.tls?.clientKeyFile },
  ];
}

/** Files that control access: anyone who can write them can grant access. */
function trustedFiles(config: Config): SecretFile[] {
  const jwks = config.endpoints.flatMap(({ auth }, at): SecretFile[] =>
    auth.method === 'BASIC'
      ? []
      : auth.issuers.map((issuer, index) => ({
          key: `endpoints[${at}].auth.issuers[${index}].jwks.file`,
          path: 'file' in issuer.jwks ? issuer.jwks.file : undefined,
        })),
  );
  return [{ key: 'the configuration', path: config.file }, ...secretFiles(config), ...jwks];
}

function modeOf(path: string | undefined): number {
  return path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.mode ?? 0);
}

/** Whether the configuration file itself contains password hashes or shared secrets. */
function holdsSecrets({ endpoints }: Config): boolean {
  return endpoints.some(({ auth }) =>
    auth.method === 'BASIC'
      ? auth.users.length > 0
      : auth.issuers.some(
          ({ jwks, signIn }) =>
            ('keys' in jwks && jwks.keys.some(({ kty }) => kty === 'oct')) ||
            signIn?.oidc.clientSecret !== undefined,
        ),
  );
}

/** Warnings about files that other users of this machine can read or change, but should not. */
export function exposedFiles(config: Config): string[] {
  const own = holdsSecrets(config) ? [{ key: 'the configuration', path: config.file }] : [];
  const readable = [...own, ...secretFiles(config)].filter(({ path }) => (modeOf(path) & BY_OTHERS) !== 0);
  const writable = trustedFiles(config).filter(
    ({ path }) => (modeOf(path) & (OTHERS_WRITE | GROUP_WRITE)) !== 0,
  );
  const warnings = [
    ...readable.map(
      ({ key, path }) => `${key}: every user of this machine can read ${path ?? ''}: chmod o-rwx it`,
    ),
    ...writable.map(
      ({ key, path }) =>
        `${key}: other users can change ${path ?? ''} and so grant themselves access: chmod go-w it`,
    ),
  ];
  return [...new Set(warnings)];
}
