import type { Credentials } from '../auth/auth-method.ts';
import { cookieValues } from '../http/cookies.ts';
import { deny, type Deny } from '../auth/decision.ts';
import { queryValues } from '../http/query.ts';
import { headerValues, type RequestHead } from '../http/request-head.ts';
import type { TokenLookup } from './jwt-schema.ts';

/** Values of the place, without their prefix; a value of another scheme is not one. RFC 9110: schemes ignore case. */
function headerTokens(request: RequestHead, { name, prefix = '' }: TokenLookup): string[] {
  return headerValues(request, name.toLowerCase())
    .filter((value) => value.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase())
    .map((value) => value.slice(prefix.length).trim());
}

function tokensAt(request: RequestHead, lookup: TokenLookup): string[] {
  switch (lookup.location) {
    case 'HEADER':
      return headerTokens(request, lookup);
    case 'COOKIE':
      return cookieValues(headerValues(request, 'cookie'), lookup.name);
    case 'QUERY':
      return queryValues(request.path, lookup.name);
  }
}

/** Finds the token: the first place of the list that has one decides; two different ones there are refused. */
export function findToken(request: RequestHead, lookups: readonly TokenLookup[]): Credentials | Deny {
  for (const lookup of lookups) {
    const [text, ...others] = tokensAt(request, lookup);
    if (text === undefined || (text === '' && others.length === 0)) continue;
    if (text.includes(',') || others.some((other) => other !== text)) return deny('credentials-ambiguous');
    return { text, ambient: lookup.location === 'COOKIE' };
  }
  return deny('credentials-missing');
}
