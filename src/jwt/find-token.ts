import type { Credentials } from '../auth/auth-method.ts';
import { cookieValues } from '../http/cookies.ts';
import { deny, type Deny } from '../auth/decision.ts';
import { queryValues } from '../http/query.ts';
import { headerValues, type RequestHead } from '../http/request-head.ts';
import type { TokenLookup } from './jwt-schema.ts';

/** Header values with the prefix, which is removed. Case-insensitive (RFC 9110 §11.1). */
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

/** Finds the token at the first location that has one; two different tokens there are rejected as ambiguous. */
export function findToken(request: RequestHead, lookups: readonly TokenLookup[]): Credentials | Deny {
  for (const lookup of lookups) {
    const [text, ...others] = tokensAt(request, lookup);
    if (text === undefined || (text === '' && others.length === 0)) continue;
    if (text.includes(',') || others.some((other) => other !== text)) return deny('credentials-ambiguous');
    return { text, ambient: lookup.location === 'COOKIE' };
  }
  return deny('credentials-missing');
}
