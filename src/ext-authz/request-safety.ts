import { deny, type Decision } from '../auth/decision.ts';
import { disguisesParameter } from '../http/query.ts';
import { nominatesHeader, type RequestHead } from '../http/request-head.ts';
import type { GuardedEndpoint } from './endpoint-router.ts';

/** Denies requests that are unsafe whatever the credentials; undefined if the request is fine. */
export function checkRequestSafety(request: RequestHead, endpoint: GuardedEndpoint): Decision | undefined {
  if (nominatesHeader(request)) return deny('connection-option');
  if (!request.path.includes('%')) return undefined;
  const forwarded = endpoint.forwardedClaims.flatMap(({ location, name }) =>
    location === 'QUERY' ? [name] : [],
  );
  const names = new Set([...endpoint.method.credentialLocations.query, ...forwarded]);
  return names.size > 0 && disguisesParameter(request.path, names) ? deny('parameter-disguised') : undefined;
}
