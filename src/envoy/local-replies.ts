import { ANSWER_ROUTE, EXT_AUTHZ, HEADER_BYTES, MAX_HEADERS_OF_CONNECTION, PORTAL_PATH } from './names.ts';
import { headerFilter, pageMappers, type Cause } from './page-mappers.ts';

function flags(...list: string[]) {
  return { response_flag_filter: { flags: list } };
}

function status(value: number, op: 'EQ' | 'GE' = 'EQ') {
  const comparison = {
    op,
    value: { default_value: value, runtime_key: `comfy_tenant.status_${value}` },
  };
  return { status_code_filter: { comparison } };
}

const and = (...filters: object[]) => ({ and_filter: { filters } });
const or = (...filters: object[]) => ({ or_filter: { filters } });

/** Responses that are already right: denials by the service, which have a reason, and configured answers of public paths. */
const FINISHED = or(
  {
    metadata_filter: {
      matcher: {
        filter: EXT_AUTHZ,
        path: [{ key: 'reason' }],
        value: { present_match: true },
      },
      match_if_key_not_found: false,
    },
  },
  {
    extension_filter: {
      name: 'envoy.access_loggers.extension_filters.cel',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter',
        expression: `xds.route_name == '${ANSWER_ROUTE}'`,
      },
    },
  },
);

/** NC: the cluster of a new endpoint is not ready yet. */
const NOT_REACHED = flags('NC', 'UH', 'UF', 'UC', 'UO', 'LR', 'UR');
const TO_PORTAL = headerFilter(':path', { string_match: { prefix: PORTAL_PATH } });

const UNAVAILABLE = {
  kind: 'unavailable',
  json: {
    code: 'unavailable',
    message: 'Authentication is temporarily unavailable. Try again in a few seconds.',
  },
  retries: true,
} as const;

const TOO_LARGE = {
  kind: 'too-large',
  json: { code: 'too-large', message: 'Request headers are too large.' },
} as const;

/** Errors before a request is routed. The first cause that matches counts. */
const EARLY: readonly Cause[] = [
  {
    filter: status(421),
    kind: 'unknown-host',
    json: { code: 'unknown-host', message: 'No endpoint is configured for this host name.' },
  },
  {
    filter: status(400),
    kind: 'malformed',
    json: { code: 'malformed', message: 'Malformed or ambiguous request.' },
  },
  { filter: status(431), ...TOO_LARGE },
];

/**
 * Envoy counts headers of one name as one, so hundreds of them get past the routes. When the service's headers then exceed the
 * connection's limit, Envoy answers 500, as it does to a faulty response of the service; but only so many headers have this size.
 */
const NO_ROOM = and(
  flags('UAEX'),
  status(500),
  headerFilter(HEADER_BYTES, { range_match: { start: MAX_HEADERS_OF_CONNECTION - 100, end: 1_000_000_000 } }),
);

const LATE: readonly Cause[] = [
  { filter: and(NOT_REACHED, TO_PORTAL), ...UNAVAILABLE },
  { filter: and(flags('UAEX'), status(503)), ...UNAVAILABLE },
  {
    filter: NOT_REACHED,
    kind: 'comfyui-unavailable',
    json: {
      code: 'unavailable',
      message: 'ComfyUI is temporarily unavailable. Try again in a few seconds.',
    },
    retries: true,
  },
  ...EARLY,
  { filter: NO_ROOM, ...TOO_LARGE, status: 431 },
  { filter: status(403), kind: 'forbidden' },
  { filter: status(404), kind: 'not-found' },
  { filter: status(502), kind: 'bad-gateway' },
  { filter: or(status(408), status(504)), kind: 'timeout' },
  { filter: status(500, 'GE'), kind: 'internal' },
];

const RETRY_SOON = [{ header: { key: 'retry-after', value: '2' } }];

function jsonMapper({ filter, json, retries = false, status: replaced }: Cause): object[] {
  if (json === undefined) return [];
  const error = { ...json, requestId: '%REQ(X-REQUEST-ID)%' };
  return [
    {
      filter,
      ...(replaced !== undefined && { status_code: replaced }),
      body_format_override: { json_format: { error } },
      ...(retries && { headers_to_add: RETRY_SOON }),
    },
  ];
}

/**
 * Gives Envoy's own error responses the format of the service's: a page for browsers, JSON for others.
 *
 * @param routed false for a listener that only redirects
 */
export function localReplies(routed = true) {
  const causes = routed ? LATE : EARLY;
  return {
    mappers: [
      { filter: FINISHED },
      ...causes.flatMap((cause) => [...pageMappers(cause), ...jsonMapper(cause)]),
    ],
  };
}
