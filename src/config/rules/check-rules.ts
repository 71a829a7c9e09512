import type { ConfigFiles } from '../../config-file/files.ts';
import type { Diagnostics } from '../../config-file/diagnostics.ts';
import type { ConfigParts } from '../parse-parts.ts';
import { runAccessTests } from '../../access/access-tests.ts';
import { checkAccessRules } from '../../access/check-access-rules.ts';
import { checkBasic } from '../../basic/basic-rules.ts';
import { checkComfyui } from './comfyui-rules.ts';
import { checkEndpoints } from './endpoint-rules.ts';
import { checkIssuers } from '../../jwt/issuer-rules.ts';
import { checkNetwork } from './network-rules.ts';
import { checkPortal } from './portal-rules.ts';
import { checkPlaces } from '../../jwt/claim-place-rules.ts';
import { checkSignIn } from '../../jwt/sign-in-rules.ts';
import type { RuleContext } from '../../config-file/rule-context.ts';
import type { Config } from '../schema.ts';
import { checkSources } from './source-rules.ts';

type Referenced = Pick<Config, 'users' | 'keySets' | 'clientSecrets'>;

/**
 * Checks the rules that span several fields, or that need other files.
 *
 * @returns users, key sets and client secrets; complete if no error was found
 */
export function checkRules(parts: ConfigParts, files: ConfigFiles, diagnostics: Diagnostics): Referenced {
  const users = new Map<string, ReadonlyMap<string, string>>();
  const keySets = new Map<string, unknown>();
  const clientSecrets = new Map<string, string>();
  checkEndpoints(parts.endpoints, diagnostics);
  for (const { at, endpoint } of parts.endpoints) {
    const { auth, name, multiTenant, domains } = endpoint;
    const context: RuleContext = { path: ['endpoints', at, 'auth'], name, multiTenant, files, diagnostics };
    if (auth.method === 'BASIC') users.set(name, checkBasic(auth, context));
    else {
      for (const [file, keySet] of checkIssuers(auth, context)) keySets.set(file, keySet);
      checkPlaces(auth, context);
      const secrets = checkSignIn(auth, { ...context, domains });
      for (const [file, secret] of secrets) clientSecrets.set(file, secret);
    }
    const access = { endpoint, users: users.get(name), path: ['endpoints', at], diagnostics };
    checkAccessRules(access);
    // With an invalid part replaced, the rules would not be the ones in the file.
    if (parts.whole !== undefined) runAccessTests(access);
  }
  // An invalid `sameUsers` is already reported.
  checkSources(parts.endpoints, parts.sameUsers ?? false, diagnostics);
  checkComfyui(parts, files, diagnostics);
  checkNetwork(parts, files, diagnostics);
  checkPortal(parts, diagnostics);
  return { users, keySets, clientSecrets };
}
