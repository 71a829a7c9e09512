import type { ConfigFiles } from '../../config-file/files.ts';
import type { Diagnostics } from '../../config-file/diagnostics.ts';
import type { ConfigParts } from '../parse-parts.ts';
import { checkBasic } from '../../basic/basic-rules.ts';
import { checkComfyui } from './comfyui-rules.ts';
import { checkEndpoints } from './endpoint-rules.ts';
import { checkIssuers } from '../../jwt/issuer-rules.ts';
import { checkNetwork } from './network-rules.ts';
import { checkPlaces } from '../../jwt/claim-place-rules.ts';
import type { RuleContext } from '../../config-file/rule-context.ts';
import { checkSources } from './source-rules.ts';

/** Checks the rules that span several fields, or that need other files. */
export function checkRules(parts: ConfigParts, files: ConfigFiles, findings: Diagnostics): void {
  checkEndpoints(parts.endpoints, findings);
  for (const { at, endpoint } of parts.endpoints) {
    const { auth, name, multiTenant } = endpoint;
    const context: RuleContext = { path: ['endpoints', at, 'auth'], name, multiTenant, files, findings };
    if (auth.method === 'BASIC') checkBasic(auth, context);
    else {
      checkIssuers(auth, context);
      checkPlaces(auth, context);
    }
  }
  // Whether `sameUsers` is readable at all is said already.
  checkSources(parts.endpoints, parts.sameUsers ?? false, findings);
  checkComfyui(parts, files, findings);
  checkNetwork(parts, files, findings);
}
