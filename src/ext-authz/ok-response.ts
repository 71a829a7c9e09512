import { forwardedCookies } from '../http/cookies.ts';
import type { Identity } from '../auth/decision.ts';
import { queryValues } from '../http/query.ts';
import {
  headerValues,
  isWebSocketUpgrade,
  type HeaderField,
  type RequestHead,
} from '../http/request-head.ts';
import { TOKEN_HEADER } from '../http/gateway-headers.ts';
import { USER_ID_HEADER_LOWER } from '../http/user-id-header.ts';
import type { GatewayToken } from '../token/mint-token.ts';
import { encodeOk, type OkHttpResponse } from './check-response.ts';
import type { GuardedEndpoint } from './endpoint-router.ts';

const USER_ID = USER_ID_HEADER_LOWER;
const TOKEN = TOKEN_HEADER;
/** Limits the lifetime of the upgraded stream. Envoy removes it before upstream, and ignores values that are not integers ≥ 1. */
const STREAM_DURATION = 'x-envoy-upstream-stream-duration-ms';

/** 24.8 days, the most that a 32-bit timer in milliseconds can hold. */
const LONGEST_STREAM_MS = 2 ** 31 - 1;

/** The encoded part that all OK responses of an identity share, until its token needs a refresh. */
export interface CachedOkResponse {
  readonly bytes: Uint8Array;
  /** Undefined if the endpoint is not multi-tenant; then no user id is sent upstream. */
  readonly token: GatewayToken | undefined;
  /** Whether claims go into cookies or the query, so that each request is encoded. */
  readonly variable: boolean;
  /** The response for the last `Cookie` header: browsers send the same one with every request. */
  last?: { readonly cookies: string; readonly bytes: Uint8Array };
}

/** Longer `Cookie` headers are not kept, to save memory. */
const MAX_KEPT_COOKIES = 4096;

function at(identity: Identity, location: 'HEADER' | 'COOKIE' | 'QUERY') {
  return identity.forwardedClaims.filter((claim) => claim.location === location);
}

function commonResponse(
  endpoint: GuardedEndpoint,
  identity: Identity,
  token: GatewayToken | undefined,
): OkHttpResponse {
  const headers: HeaderField[] = [];
  const remove = new Set(endpoint.method.credentialLocations.headers);
  if (token === undefined) remove.add(USER_ID).add(TOKEN);
  else headers.push([USER_ID, identity.userId], [TOKEN, token.text]);
  for (const { name, value } of at(identity, 'HEADER')) {
    if (value === undefined) remove.add(name.toLowerCase());
    else headers.push([name.toLowerCase(), value]);
  }
  for (const [name] of headers) remove.delete(name);
  return {
    headers,
    remove: [...remove],
    setQuery: [],
    removeQuery: [],
    metadata: [
      ['user', identity.userId],
      ['endpoint', endpoint.name],
      ['method', endpoint.method.name],
    ],
    setCookie: identity.setCookie,
  };
}

/** A copy outside Node's shared buffer pool: a small slice of the pool would keep its whole 8 KiB alive. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Encodes the part that all requests of an identity share. */
export function prepareOkResponse(
  endpoint: GuardedEndpoint,
  identity: Identity,
  token: GatewayToken | undefined,
): CachedOkResponse {
  const variable = identity.forwardedClaims.some(({ location }) => location !== 'HEADER');
  return { bytes: ownCopy(encodeOk(commonResponse(endpoint, identity, token))), token, variable };
}

function streamLife(request: RequestHead, identity: Identity, nowMs: number): HeaderField[] {
  if (identity.expiresAtMs === undefined || !isWebSocketUpgrade(request)) return [];
  const leftMs = Math.floor(identity.expiresAtMs - nowMs);
  return [[STREAM_DURATION, String(Math.min(Math.max(1, leftMs), LONGEST_STREAM_MS))]];
}

/** The `Cookie` header to send upstream; empty to remove it, undefined to leave it unchanged. */
function cookieLine(request: RequestHead, endpoint: GuardedEndpoint, identity: Identity): string | undefined {
  const claims = at(identity, 'COOKIE');
  const names = new Set([...endpoint.method.credentialLocations.cookies, ...claims.map(({ name }) => name)]);
  if (names.size === 0) return undefined;
  const lines = headerValues(request, 'cookie');
  const set = claims.flatMap(({ name, value }) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  const line = [...forwardedCookies(lines, names), ...set].join('; ');
  return lines.length <= 1 && line === (lines[0] ?? '') ? undefined : line;
}

function queryChanges(request: RequestHead, endpoint: GuardedEndpoint, identity: Identity) {
  const claims = at(identity, 'QUERY');
  const setQuery: HeaderField[] = claims.flatMap(({ name, value }) =>
    value === undefined ? [] : ([[name, encodeURIComponent(value)]] as const),
  );
  const absent = claims.flatMap(({ name, value }) => (value === undefined ? [name] : []));
  const removeQuery = [...endpoint.method.credentialLocations.query, ...absent].filter(
    (name) => queryValues(request.path, name).length > 0,
  );
  return { setQuery, removeQuery };
}

/** Encodes the CheckResponse that allows one request. */
export function encodeOkResponse(
  prepared: CachedOkResponse,
  endpoint: GuardedEndpoint,
  { request, identity, nowMs }: { request: RequestHead; identity: Identity; nowMs: number },
): Uint8Array {
  const life = streamLife(request, identity, nowMs);
  const { setQuery, removeQuery } = queryChanges(request, endpoint, identity);
  const cookies = headerValues(request, 'cookie').join('\n');
  const isUsual = !prepared.variable && life.length + removeQuery.length === 0;
  if (isUsual && cookies === '') return prepared.bytes;
  if (isUsual && prepared.last?.cookies === cookies) return prepared.last.bytes;
  const cookie = cookieLine(request, endpoint, identity);
  const bytes = encodeChanged({ prepared, endpoint, identity }, { life, cookie, setQuery, removeQuery });
  if (isUsual && cookies.length <= MAX_KEPT_COOKIES) prepared.last = { cookies, bytes };
  return bytes;
}

interface Changes extends Pick<OkHttpResponse, 'setQuery' | 'removeQuery'> {
  readonly life: readonly HeaderField[];
  readonly cookie: string | undefined;
}

function encodeChanged(
  {
    prepared,
    endpoint,
    identity,
  }: { prepared: CachedOkResponse; endpoint: GuardedEndpoint; identity: Identity },
  { life, cookie, setQuery, removeQuery }: Changes,
): Uint8Array {
  if (life.length + setQuery.length + removeQuery.length === 0 && cookie === undefined) return prepared.bytes;
  const { headers, remove, ...common } = commonResponse(endpoint, identity, prepared.token);
  return encodeOk({
    ...common,
    headers: [
      ...headers,
      ...life,
      ...(cookie === undefined || cookie === '' ? [] : ([['cookie', cookie]] as const)),
    ],
    remove: cookie === '' ? [...remove, 'cookie'] : remove,
    setQuery,
    removeQuery,
  });
}
