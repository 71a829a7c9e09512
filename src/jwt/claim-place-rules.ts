import { isUserId } from './identify.ts';
import type { ClaimTransformation, JwtAuth, TokenLookup } from './jwt-schema.ts';
import type { RuleContext } from '../config-file/rule-context.ts';
import { isUserIdHeader, USER_ID_HEADER } from '../http/user-id-header.ts';

/** RFC 9110 §5.6.2. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Unreserved characters only, so that every parser reads the name alike. */
const QUERY_NAME = /^[A-Za-z0-9._~-]+$/;
/** Headers of the connection, of routing, of Envoy or of this service: not usable for tokens or claims. */
const RESERVED =
  /^(connection|keep-alive|proxy-.*|te|trailers?|transfer-encoding|upgrade|host|content-.*|expect|cookie|set-cookie|forwarded|x-forwarded-.*|x-envoy-.*|x-real-ip|x-request-id|x-funart-comfy-token|x-comfy-tenant-.*|sec-websocket-.*|origin|range)$/;

type Place = Pick<TokenLookup, 'location' | 'name'>;

function headerFault(name: string): string | undefined {
  if (!TOKEN.test(name)) return `is not a valid header name: use letters, digits and - only`;
  if (name.includes('_')) return 'must not contain _: servers treat it as -, and Envoy rejects it';
  if (name.toLowerCase() === 'cookie')
    return 'must not be the Cookie header: use location: COOKIE and the name of the cookie';
  return RESERVED.test(name.toLowerCase())
    ? `is a reserved header: it belongs to the connection, Envoy or this service`
    : undefined;
}

function placeFault({ location, name }: Place): string | undefined {
  switch (location) {
    case 'HEADER':
      return headerFault(name);
    case 'COOKIE':
      return TOKEN.test(name)
        ? undefined
        : 'is not a valid cookie name (RFC 6265): no spaces, quotes, commas, = or ;';
    case 'QUERY':
      return QUERY_NAME.test(name)
        ? undefined
        : 'is not a plain query parameter: use letters, digits, . _ ~ and - only';
  }
}

function keyOf({ location, name }: Place): string {
  return `${location} ${location === 'HEADER' ? name.toLowerCase() : name}`;
}

function checkLookup(lookups: readonly TokenLookup[], { path, diagnostics }: RuleContext): Set<string> {
  const seen = new Set<string>();
  lookups.forEach((lookup, index) => {
    const at = [...path, 'tokenLookup', index];
    const fault = placeFault(lookup);
    if (fault !== undefined) diagnostics.fault([...at, 'name'], fault);
    if (isUserIdHeader(lookup.name))
      diagnostics.fault([...at, 'name'], `must not be ${USER_ID_HEADER}: this service sets that header`);
    if (lookup.prefix !== undefined && lookup.location !== 'HEADER')
      diagnostics.fault(
        [...at, 'prefix'],
        `applies to HEADER only: a ${lookup.location} contains the bare token`,
      );
    const key = keyOf(lookup);
    if (seen.has(key))
      diagnostics.fault(
        [...at, 'name'],
        `${lookup.name} is already in the list: list each location only once`,
      );
    seen.add(key);
  });
  return seen;
}

function claimFault(line: ClaimTransformation, lookups: ReadonlySet<string>): string | undefined {
  const fault = placeFault(line);
  if (fault !== undefined) return fault;
  if (keyOf(line) === 'HEADER authorization')
    return 'must not be Authorization: credentials never reach ComfyUI';
  if (lookups.has(keyOf(line)))
    return 'is a tokenLookup location, which is removed from requests: forward the claim elsewhere';
  return undefined;
}

function checkClaims(
  auth: JwtAuth,
  lookups: ReadonlySet<string>,
  { path, diagnostics, multiTenant }: RuleContext,
): void {
  const lines = auth.claimTransformations;
  const at = [...path, 'claimTransformations'];
  const seen = new Set<string>();
  lines.forEach((line, index) => {
    const fault = claimFault(line, lookups);
    if (fault !== undefined) diagnostics.fault([...at, index, 'name'], fault);
    if (seen.has(keyOf(line)) && !isUserId(line))
      diagnostics.fault([...at, index, 'name'], `${line.name} is already set: list each location only once`);
    seen.add(keyOf(line));
  });
  const ids = lines.filter(isUserId).length;
  if (ids > 1 || (ids === 0 && multiTenant)) {
    const example = `{ location: HEADER, name: ${USER_ID_HEADER}, claim: sub }`;
    diagnostics.fault(
      at,
      `must have exactly one entry for the isolation id, such as ${example}; it has ${ids}`,
    );
  }
}

/** Checks tokenLookup and claimTransformations: valid names, no reserved headers, no duplicates, one isolation id. */
export function checkPlaces(auth: JwtAuth, context: RuleContext): void {
  const lookups = checkLookup(auth.tokenLookup, context);
  checkClaims(auth, lookups, context);
}
