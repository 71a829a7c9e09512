import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  Configuration,
  customFetch,
  None,
  type ClientAuth,
  type CustomFetch,
  type ServerMetadata,
} from 'openid-client';
import { z } from 'zod';
import { explainError } from '../errors/explain-error.ts';
import { fetchJson, shownUrl } from '../jwt/fetch-jwks.ts';
import { guardedFetch, type FetchOptions } from '../jwt/guarded-fetch.ts';
import { issuerAddressFault } from '../jwt/issuer-address.ts';
import type { OidcClient } from '../jwt/sign-in-schema.ts';
import { SignInError } from './problem.ts';

export interface ProviderOptions extends FetchOptions {
  readonly issuer: string;
  readonly client: OidcClient;
  readonly clientSecret: string | undefined;
  readonly clockToleranceMs: number;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
}

/** An OpenID provider and this service's registration there. */
export interface Provider {
  readonly issuer: string;
  readonly client: OidcClient;
  /** Texts that no log may show: the client secret as it is sent. */
  readonly secrets: readonly string[];
  /** Discovers the provider, or takes what is known. @throws SignInError */
  configuration(): Promise<Configuration>;
}

const FRESH_MS = 3_600_000;
/** A provider that is down is asked again after this time at the earliest. */
const COOLDOWN_MS = 3000;

const strings = z.array(z.string());

/** What we use of a provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 9207 §3,
 * Initiating User Registration 1.0 §4). */
const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  end_session_endpoint: z.string().optional(),
  token_endpoint_auth_methods_supported: strings.optional(),
  id_token_signing_alg_values_supported: strings.optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
  prompt_values_supported: strings.optional(),
});

type Metadata = z.output<typeof metadata>;

function checkEndpoints(found: Metadata, allowHttp: boolean): void {
  for (const name of ['authorization_endpoint', 'token_endpoint', 'end_session_endpoint'] as const) {
    const address = found[name];
    const fault = address === undefined ? undefined : issuerAddressFault(address, allowHttp);
    if (fault !== undefined) throw new Error(`${name} ${fault}`);
  }
}

async function discover({ issuer, fetch, allowHttp }: ProviderOptions): Promise<Metadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { json } = await fetchJson(url, { fetch, allowHttp }).catch((error: unknown) => {
    throw new SignInError('provider-unavailable', explainError(error));
  });
  const parsed = metadata.safeParse(json);
  const where = shownUrl(url);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: '' };
    throw new SignInError('provider-invalid', `${where}: ${path.join('.')}: ${message}`);
  }
  if (parsed.data.issuer !== issuer)
    throw new SignInError('provider-invalid', `${where}: is for another issuer than ${issuer}`);
  try {
    checkEndpoints(parsed.data, allowHttp);
  } catch (error) {
    throw new SignInError('provider-invalid', `${where}: ${explainError(error)}`);
  }
  return parsed.data;
}

/** How to prove who we are at the token endpoint (RFC 6749 §2.3.1); basic if the provider names no method. */
function authentication(
  { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] }: Metadata,
  secret: string | undefined,
): ClientAuth {
  if (secret === undefined) return None();
  if (methods.includes('client_secret_basic')) return ClientSecretBasic(secret);
  if (methods.includes('client_secret_post')) return ClientSecretPost(secret);
  throw new SignInError(
    'provider-invalid',
    'the provider accepts neither client_secret_basic nor client_secret_post at its token endpoint',
  );
}

/** Requests of openid-client, within the same limits as those for keys. */
function limited(options: FetchOptions): CustomFetch {
  return async (url, { method, headers, body }) => {
    const text = body instanceof URLSearchParams ? body.toString() : (body as string | null);
    const {
      status,
      headers: got,
      text: content,
    } = await guardedFetch(new URL(url), { method, headers, body: text }, options);
    return new Response(content === '' ? null : content, { status, headers: got });
  };
}

function configure(found: Metadata, options: ProviderOptions): Configuration {
  const { client, clientSecret, clockToleranceMs, allowHttp } = options;
  const configuration = new Configuration(
    found as ServerMetadata,
    client.clientId,
    { [clockTolerance]: clockToleranceMs / 1000 },
    authentication(found, clientSecret),
  );
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- not deprecated, only marked to stand out
  if (allowHttp) allowInsecureRequests(configuration);
  configuration[customFetch] = limited(options);
  return configuration;
}

/** A client secret as it is, and as Basic and forms encode it. */
function spellings(secret: string | undefined): readonly string[] {
  if (secret === undefined) return [];
  const inForm = new URLSearchParams([['', secret]]).toString().slice(1);
  return [secret, inForm, encodeURIComponent(secret)];
}

/** Metadata is fetched when someone signs in, shared, and kept for an hour; longer while the provider is down. */
export function createProvider(options: ProviderOptions): Provider {
  const { issuer, client, monotonic } = options;
  let known: Configuration | undefined;
  let failure: SignInError | undefined;
  let askAgainMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      known = configure(await discover(options), options);
      failure = undefined;
      askAgainMs = monotonic() + FRESH_MS;
    } catch (error) {
      failure =
        error instanceof SignInError ? error : new SignInError('provider-invalid', explainError(error));
      askAgainMs = monotonic() + COOLDOWN_MS;
    }
  }

  return {
    issuer,
    client,
    secrets: spellings(options.clientSecret),
    async configuration() {
      if (monotonic() >= askAgainMs) {
        asking ??= ask().finally(() => {
          asking = undefined;
        });
      }
      if (known === undefined) await asking;
      if (known !== undefined) return known;
      throw failure ?? new SignInError('provider-unavailable', 'the provider was not discovered');
    },
  };
}
