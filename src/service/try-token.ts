import { deny, type Decision } from '../auth/decision.ts';
import type { Config } from '../config/schema.ts';
import type { FindEndpoint } from '../ext-authz/endpoint-router.ts';
import { requestWithToken } from '../jwt/request-with-token.ts';

/** Characters of a JWS in compact form (RFC 7515 §7.1). */
const JWS = /^[\w.-]+$/;

/** Decides about a token as if a client had sent it. */
export async function tryToken(
  token: string,
  name: string,
  { config, findEndpoint }: { readonly config: Config; readonly findEndpoint: FindEndpoint },
): Promise<Decision | undefined> {
  const auth = config.endpoints.find((endpoint) => endpoint.name === name)?.auth;
  const method = findEndpoint(name)?.method;
  const lookup = auth?.method === 'JWT' ? auth.tokenLookup[0] : undefined;
  if (method === undefined || lookup === undefined) return undefined;
  if (!JWS.test(token)) return deny('token-malformed');
  const found = method.find(requestWithToken(token, lookup));
  return 'kind' in found ? found : method.authenticate(found, { address: 'console' });
}
