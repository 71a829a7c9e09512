import { issuerAddressFault } from './issuer-address.ts';
import type { Issuer, JwksSource } from './issuer-schema.ts';
import type { JwtAuth } from './jwt-schema.ts';
import { checkJwks } from './jwks-rules.ts';
import type { RuleContext } from '../config-file/rule-context.ts';

/** The issuer of our own tokens; reserved. */
const OURS = 'comfy-tenant';

type Fetched = Extract<JwksSource, { url: string } | { discover: true }>;

function checkClaims(rules: Issuer, { path, diagnostics }: RuleContext): void {
  const { issuer, anyIssuer, audience, anyAudience } = rules;
  if (issuer === undefined && anyIssuer === undefined)
    diagnostics.fault(path, 'issuer is missing: give the value of the iss claim, or set anyIssuer: true');
  if (issuer !== undefined && anyIssuer !== undefined)
    diagnostics.fault([...path, 'anyIssuer'], 'conflicts with issuer: keep one of the two');
  if (audience === undefined && anyAudience === undefined)
    diagnostics.fault(path, 'audience is missing: give the value of the aud claim, or set anyAudience: true');
  if (audience !== undefined && anyAudience !== undefined)
    diagnostics.fault([...path, 'anyAudience'], 'conflicts with audience: keep one of the two');
  if (issuer === OURS)
    diagnostics.fault(
      [...path, 'issuer'],
      `must not be ${OURS}: this service signs its own tokens under that name`,
    );
}

function checkFetched(rules: Issuer, source: Fetched, { path, diagnostics }: RuleContext): void {
  if ((rules.algorithms ?? []).some((name) => name.startsWith('HS')))
    diagnostics.fault(
      [...path, 'algorithms'],
      'must not contain HS*: shared secrets are never fetched, put them into jwks file or keys',
    );
  if ('url' in source) {
    const fault = issuerAddressFault(source.url, source.allowHttp);
    if (fault !== undefined) diagnostics.fault([...path, 'jwks', 'url'], fault);
    return;
  }
  if (rules.issuer === undefined) {
    diagnostics.fault([...path, 'jwks', 'discover'], 'needs issuer: keys are discovered at that URL');
    return;
  }
  const fault = issuerAddressFault(rules.issuer, source.allowHttp);
  if (fault !== undefined) diagnostics.fault([...path, 'issuer'], `${fault}; keys are discovered there`);
}

function checkAlgorithms({ algorithms = [] }: Issuer, { path, diagnostics }: RuleContext): void {
  const shared = algorithms.filter((name) => name.startsWith('HS'));
  if (shared.length > 0 && shared.length < algorithms.length)
    diagnostics.fault(
      [...path, 'algorithms'],
      'must not mix HS* with public-key algorithms: split it into two issuers, or remove one kind',
    );
}

function checkIssuer(rules: Issuer, context: RuleContext, keySets: Map<string, unknown>): void {
  checkClaims(rules, context);
  checkAlgorithms(rules, context);
  const { jwks } = rules;
  if ('url' in jwks || 'discover' in jwks) checkFetched(rules, jwks, context);
  else {
    const keySet = checkJwks(rules, jwks, context);
    if ('file' in jwks) keySets.set(jwks.file, keySet);
  }
}

/**
 * Checks who may sign tokens, and that each issuer is listed only once.
 *
 * @returns the JWKS files of the issuers, parsed, by absolute path
 */
export function checkIssuers({ issuers }: JwtAuth, context: RuleContext): ReadonlyMap<string, unknown> {
  const { path, diagnostics } = context;
  const seen = new Map<string | undefined, number>();
  const keySets = new Map<string, unknown>();
  issuers.forEach((rules, index) => {
    const at = [...path, 'issuers', index];
    checkIssuer(rules, { ...context, path: at }, keySets);
    const first = seen.get(rules.issuer);
    if (first !== undefined && rules.issuer !== undefined)
      diagnostics.fault(
        [...at, 'issuer'],
        `duplicates issuers[${first}]: list each issuer only once per endpoint`,
      );
    if (first !== undefined && rules.issuer === undefined && rules.anyIssuer === true)
      diagnostics.fault([...at, 'anyIssuer'], `issuers[${first}] already accepts any issuer: only one can`);
    if (first === undefined) seen.set(rules.issuer, index);
  });
  return keySets;
}
