import type { Context } from 'hono';
import { ENDPOINT_HEADER } from '../http/gateway-headers.ts';
import { callbackUrl } from '../jwt/callback-url.ts';
import type { Site } from '../pages/page.ts';
import type { StartSession } from '../portal/sign-in-method.ts';
import type { ProviderLogout } from './logout-token.ts';
import type { SignInError } from './problem.ts';
import type { Provider } from './provider.ts';
import type { TokenRules } from './verify-id-token.ts';

/** An issuer at which people sign in. */
export interface OidcIssuer {
  readonly provider: Provider;
  readonly rules: TokenRules;
  readonly label: string;
}

/** An endpoint with the issuers that have `signIn`. */
export interface OidcEndpoint {
  readonly name: string;
  readonly domains: readonly string[];
  readonly issuers: readonly OidcIssuer[];
}

export function issuerOf(issuers: readonly OidcIssuer[], issuer: string): OidcIssuer | undefined {
  return issuers.find(({ provider }) => provider.issuer === issuer);
}

export interface OidcFailure {
  readonly endpoint: string;
  readonly issuer: string | undefined;
  readonly requestId: string | undefined;
  readonly error: SignInError;
}

export interface OidcOptions {
  /** By name, in the current configuration; undefined if it has no OIDC. */
  readonly findEndpoint: (name: string) => OidcEndpoint | undefined;
  /** The port of `gateway.listen`. */
  readonly port: string;
  /** Secrets that replicas share; the first encrypts, all decrypt. */
  readonly keys: () => readonly Uint8Array[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long the token for signing out at the provider is kept. */
  readonly maxAgeMs: () => number;
  readonly startSession: StartSession;
  /** Ends sessions that the provider ended. @throws Error if they could not be ended */
  readonly endSessions: (endpoint: string, logout: ProviderLogout) => Promise<void>;
  /** The title and the notice of pages. */
  readonly site: () => Site;
  readonly onFailure: (failure: OidcFailure) => void;
}

/** The name of the endpoint of a request. */
export function endpointOf(context: Context): string {
  return context.req.header(ENDPOINT_HEADER) ?? '';
}

/** The redirect URI for the address of a request; undefined if it is not a configured one. */
export function redirectUriFor(
  context: Context,
  { domains }: OidcEndpoint,
  { client, port }: { readonly client: OidcIssuer; readonly port: string },
): URL | undefined {
  return callbackUrl({
    domains,
    port,
    redirectUri: client.provider.client.redirectUri,
    host: context.req.header('host') ?? '',
    scheme: context.req.header('x-forwarded-proto') === 'https' ? 'https' : 'http',
  });
}
