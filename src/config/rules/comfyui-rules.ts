import { dirname, join, sep } from 'node:path';
import type { ConfigFiles } from '../../config-file/files.ts';
import type { ConfigPath, Diagnostics } from '../../config-file/diagnostics.ts';
import type { ConfigParts } from '../parse-parts.ts';

interface SecretFile {
  readonly path: ConfigPath;
  readonly file: string | undefined;
}

function isInside(file: string | undefined, folder: string): boolean {
  return file !== undefined && `${dirname(file)}${sep}`.startsWith(folder === sep ? sep : `${folder}${sep}`);
}

/** Who is or was signed in, and what proves it. */
function signInFiles({
  session,
  revocation,
  accessTokens,
  console,
}: Pick<ConfigParts, 'session' | 'revocation' | 'accessTokens' | 'console'>): SecretFile[] {
  return [
    { path: ['session', 'keyFile'], file: session?.keyFile },
    { path: ['revocation', 'file'], file: revocation?.file },
    { path: ['revocation', 'sessionsFile'], file: revocation?.sessionsFile },
    { path: ['accessTokens', 'file'], file: accessTokens?.file },
    { path: ['console', 'accountsFile'], file: console?.accountsFile },
    { path: ['console', 'historyDir'], file: console?.historyDir },
  ];
}

/** Files besides the service's own keys that node code must never read. */
function otherSecrets({ endpoints, gateway, service, ...more }: ConfigParts): SecretFile[] {
  const ofEndpoints = endpoints.flatMap(({ at, endpoint: { auth } }): SecretFile[] => {
    const path = ['endpoints', at, 'auth'];
    if (auth.method === 'BASIC') return [{ path: [...path, 'usersFile'], file: auth.usersFile }];
    return auth.issuers.flatMap(({ jwks, signIn, algorithms = [] }, index): SecretFile[] => [
      {
        path: [...path, 'issuers', index, 'jwks', 'file'],
        file: 'file' in jwks && algorithms.some((name) => name.startsWith('HS')) ? jwks.file : undefined,
      },
      {
        path: [...path, 'issuers', index, 'signIn', 'oidc', 'clientSecretFile'],
        file: signIn?.oidc.clientSecretFile,
      },
    ]);
  });
  return [
    ...ofEndpoints,
    ...signInFiles(more),
    { path: ['gateway', 'tls', 'keyFile'], file: gateway?.tls?.keyFile },
    { path: ['service', 'tls', 'keyFile'], file: service?.tls?.keyFile },
    { path: ['service', 'tls', 'clientKeyFile'], file: service?.tls?.clientKeyFile },
  ];
}

/** ComfyUI gets the folder of public keys; no secret may be in it, and no key may do two jobs. */
export function checkComfyui(parts: ConfigParts, files: ConfigFiles, diagnostics: Diagnostics): void {
  if (parts.comfyui === undefined) return;
  const { tokenKeyFile, verifyKeyFile, publicKeyDir } = parts.comfyui;
  if (verifyKeyFile === tokenKeyFile)
    diagnostics.fault(['comfyui', 'verifyKeyFile'], 'must not be tokenKeyFile: each key has one purpose');
  const folder = publicKeyDir ?? join(dirname(tokenKeyFile), 'public');
  if (publicKeyDir !== undefined && [tokenKeyFile, verifyKeyFile].some((file) => isInside(file, folder)))
    diagnostics.fault(
      ['comfyui', 'publicKeyDir'],
      'contains a private key, and ComfyUI can read this folder: use another, such as .comfy-tenant/public',
    );
  const verify = { path: ['comfyui', 'verifyKeyFile'], file: verifyKeyFile };
  for (const { path, file } of [...(publicKeyDir === undefined ? [verify] : []), ...otherSecrets(parts)]) {
    if (isInside(file, folder))
      diagnostics.fault(
        path,
        `is in ${files.shown(folder)}, which ComfyUI can read: move it to another folder`,
      );
  }
}
