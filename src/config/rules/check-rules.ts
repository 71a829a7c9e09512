import type { ConfigFiles } from '../files.ts';
import type { Findings } from '../finding.ts';
import type { ConfigParts } from '../parse-parts.ts';
import { checkBasic } from './basic-rules.ts';

/** Checks the rules that span several fields, or that need other files. */
export function checkRules(parts: ConfigParts, files: ConfigFiles, findings: Findings): void {
  for (const { at, endpoint } of parts.endpoints) {
    const path = ['endpoints', at, 'auth'];
    if (endpoint.auth.method === 'BASIC')
      checkBasic(endpoint.auth, {
        path,
        name: endpoint.name,
        files,
        findings,
        multiTenant: endpoint.multiTenant,
      });
  }
}
