import { EXT_AUTHZ } from './names.ts';

function reply(code: string, message: string) {
  return { json_format: { error: { code, message, requestId: '%REQ(X-REQUEST-ID)%' } } };
}

function flags(...list: string[]) {
  return { response_flag_filter: { flags: list } };
}

function status(value: number) {
  const comparison = {
    op: 'EQ',
    value: { default_value: value, runtime_key: `comfy_tenant.status_${value}` },
  };
  return { status_code_filter: { comparison } };
}

/** Envoy could not reach the service: an ext_authz denial without a reason from the service. */
const SERVICE_UNREACHABLE = {
  and_filter: {
    filters: [
      flags('UAEX'),
      status(503),
      {
        metadata_filter: {
          matcher: {
            filter: EXT_AUTHZ,
            path: [{ key: 'reason' }],
            value: { string_match: { exact: 'none' } },
          },
          match_if_key_not_found: true,
        },
      },
    ],
  },
};

const RETRY_SOON = [{ header: { key: 'retry-after', value: '2' } }];

/** Gives Envoy's own error responses the format of the service's, which pass unchanged. */
export const LOCAL_REPLIES = {
  mappers: [
    {
      filter: SERVICE_UNREACHABLE,
      body_format_override: reply(
        'unavailable',
        'Authentication is temporarily unavailable. Try again in a few seconds.',
      ),
      headers_to_add: RETRY_SOON,
    },
    {
      filter: flags('UH', 'UF', 'UC', 'UO', 'LR', 'UR'),
      body_format_override: reply(
        'unavailable',
        'ComfyUI is temporarily unavailable. Try again in a few seconds.',
      ),
      headers_to_add: RETRY_SOON,
    },
    {
      filter: status(421),
      body_format_override: reply('unknown-host', 'No endpoint is configured for this host name.'),
    },
    {
      filter: status(400),
      body_format_override: reply('malformed', 'Malformed or ambiguous request.'),
    },
    {
      filter: status(431),
      body_format_override: reply('too-large', 'Request headers are too large.'),
    },
  ],
};
