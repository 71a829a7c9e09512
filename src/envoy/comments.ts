import { isScalar, visit, type Document } from 'yaml';

/** Why a section is there, by its key. */
const BY_KEY: Readonly<Record<string, string>> = {
  early_header_mutation_extensions:
    'First safeguard: remove identity headers from client requests, before routing and on every route.',
  internal_address_config:
    "Trust no client's x-envoy- headers; without a range, all private addresses are trusted.",
  path_with_escaped_slashes_action: 'ComfyUI uses names such as workflows%2Fx.json.',
  local_reply_config: "Envoy's own errors in the same JSON format as the service's.",
  request_headers_to_remove: 'Credentials and internal headers must not reach ComfyUI.',
  enable_reuse_port: 'Another process must not listen on the same port.',
  common_lb_config: 'No panic routing: an unhealthy upstream gets no traffic.',
  overload_manager: 'Limits the number of connections.',
  layered_runtime: "The patterns for user ids and headers exceed Envoy's default size limit.",
};

/** Why a list entry is there, by its name. */
const BY_NAME: Readonly<Record<string, string>> = {
  'envoy.filters.http.ext_authz':
    'Second safeguard: the service authenticates each request; if it cannot, the request gets 503.',
  'envoy.filters.http.rbac':
    'Third safeguard: ComfyUI gets only authenticated requests with a valid user id.',
  'unknown-host': 'Hosts of no endpoint.',
  authz: 'The authorization service.',
  portal: 'The pages of the service under /_auth/.',
};

/** Adds comments that explain the sections of a bootstrap. They are not part of its digest. */
export function addComments(document: Document): void {
  visit(document, {
    Pair(_, { key }) {
      const comment = isScalar(key) ? BY_KEY[String(key.value)] : undefined;
      if (isScalar(key) && comment !== undefined) key.commentBefore = ` ${comment}`;
    },
    Map(_, map) {
      const comment = BY_NAME[String(map.get('name'))];
      if (comment !== undefined) map.commentBefore = ` ${comment}`;
    },
  });
}
