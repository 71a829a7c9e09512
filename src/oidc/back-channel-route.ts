import type { Context } from 'hono';
import { decodeJwt } from 'jose';
import { verifyLogoutToken } from './logout-token.ts';
import { endpointOf, issuerOf, type OidcIssuer, type OidcOptions } from './oidc-endpoint.ts';
import { SignInError } from './problem.ts';
import type { UsedOnce } from './used-once.ts';

/** The largest request, in bytes. */
export const BACK_CHANNEL_LIMIT = 32 * 1024;

/** The one `logout_token` of the form; undefined if the request is not of the form of §2.5. */
async function readToken(context: Context): Promise<string | undefined> {
  const type = context.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return undefined;
  const [token, ...others] = new URLSearchParams(await context.req.text()).getAll('logout_token');
  return others.length > 0 ? undefined : token;
}

function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined; // jose throws on anything that is not a JWT.
  }
}

type Outcome =
  { readonly kind: 'done' } | { readonly kind: 'invalid' | 'unavailable'; readonly cause: string };

/** The issuer that the token claims to be from, at this endpoint. */
function issuerFor(context: Context, token: string, options: OidcOptions): OidcIssuer | undefined {
  const issuer = issuerIn(token);
  const endpoint = options.findEndpoint(endpointOf(context));
  return endpoint === undefined || issuer === undefined ? undefined : issuerOf(endpoint.issuers, issuer);
}

async function logOut(context: Context, used: UsedOnce, options: OidcOptions): Promise<Outcome> {
  const token = (await readToken(context)) ?? '';
  const client = issuerFor(context, token, options);
  if (client === undefined) return { kind: 'invalid', cause: 'no logout token of an issuer with signIn' };
  const { now, endSessions } = options;
  const { trusted, clientId } = client.rules;
  const result = await verifyLogoutToken(token, { trusted, clientId, used, now });
  if (result.kind !== 'logout') return result;
  try {
    await endSessions(endpointOf(context), result.logout);
    return { kind: 'done' };
  } catch (error) {
    used.forget(result.logout.use);
    return { kind: 'unavailable', cause: error instanceof Error ? error.message : String(error) };
  }
}

/** `POST /_auth/oidc/back-channel-logout` (OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8). */
export async function backChannelRoute(
  context: Context,
  used: UsedOnce,
  options: OidcOptions,
): Promise<Response> {
  context.header('cache-control', 'no-store');
  const outcome = await logOut(context, used, options);
  if (outcome.kind === 'done') return context.body(null, 200);
  const isInvalid = outcome.kind === 'invalid';
  options.onFailure({
    endpoint: endpointOf(context),
    issuer: undefined,
    requestId: context.req.header('x-request-id'),
    error: new SignInError(isInvalid ? 'token-refused' : 'provider-unavailable', outcome.cause),
  });
  return context.json(
    { error: isInvalid ? 'invalid_request' : 'temporarily_unavailable' },
    isInvalid ? 400 : 503,
  );
}
