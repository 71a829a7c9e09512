import { typeOf } from './names.ts';

/** No query, which may contain a token, and no client headers. Values that the client chooses are truncated. */
const ACCESS_LOG = {
  time: '%START_TIME%',
  request: '%REQ(X-REQUEST-ID):64%',
  method: '%REQ(:METHOD):32%',
  host: '%REQ(:AUTHORITY):260%',
  path: '%PATH(NQ):256%',
  status: '%RESPONSE_CODE%',
  why: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  bytes: '%BYTES_SENT%',
  ms: '%DURATION%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
  user: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:user)%',
  endpoint: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:endpoint)%',
  auth: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:method)%',
  reason: '%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%',
};

/** One JSON line per request, written when it ends. */
export function accessLog() {
  const stdout = typeOf('extensions.access_loggers.stream.v3.StdoutAccessLog');
  return {
    name: 'envoy.access_loggers.stdout',
    typed_config: { '@type': stdout, log_format: { json_format: ACCESS_LOG } },
  };
}
