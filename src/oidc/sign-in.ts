import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import { explainResponse } from './explain-response.ts';
import { SignInError } from './problem.ts';
import type { Provider } from './provider.ts';
import { TRANSACTION_MS, type Transaction } from './transaction.ts';

/** `prompt` of OpenID Connect Core §3.1.2.1 that people can ask for. */
export type Prompt = 'login' | 'select_account';

export interface Begin {
  readonly endpoint: string;
  readonly redirectUri: URL;
  readonly next: string;
  readonly prompt: Prompt | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** A provider may reject a prompt that it does not list; `login`, too, lets people choose another account. */
function supportedPrompt(prompt: Prompt | undefined, configuration: Configuration): Prompt | undefined {
  const supported = configuration.serverMetadata()['prompt_values_supported'];
  if (prompt === undefined || !Array.isArray(supported)) return prompt;
  return [prompt, 'login' as const].find((one) => supported.includes(one));
}

/** Begins a sign-in. @throws SignInError */
export async function beginSignIn(
  provider: Provider,
  { endpoint, redirectUri, next, prompt, nowMs }: Begin,
): Promise<{ readonly url: URL; readonly transaction: Transaction }> {
  const configuration = await provider.configuration();
  const asked = supportedPrompt(prompt, configuration);
  const { clientId, scopes } = provider.client;
  const transaction: Transaction = {
    state: randomState(),
    nonce: randomNonce(),
    verifier: randomPKCECodeVerifier(),
    endpoint,
    issuer: provider.issuer,
    clientId,
    redirectUri: redirectUri.href,
    next,
    prompt: asked,
    expiresAtMs: nowMs + TRANSACTION_MS,
  };
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: transaction.redirectUri,
    scope: [...new Set(['openid', ...scopes])].join(' '),
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await calculatePKCECodeChallenge(transaction.verifier),
    code_challenge_method: 'S256',
    ...(asked === undefined ? {} : { prompt: asked }),
  });
  return { url, transaction };
}

/** The response must say that it comes from this issuer, if it or the metadata says anything (RFC 9207 §2.4). */
function checkIssuer(query: URLSearchParams, configuration: Configuration): void {
  const { issuer, authorization_response_iss_parameter_supported: expected } = configuration.serverMetadata();
  const given = query.getAll('iss');
  if (given.length > 1 || (given.length === 0 ? expected === true : given[0] !== issuer))
    throw new SignInError('response-invalid', 'the response is not from the issuer of this sign-in (iss)');
}

/**
 * Exchanges the code of the provider's response for an ID token, which is not verified yet: its signature is missing.
 *
 * @param query of the callback
 * @throws SignInError
 */
export async function redeemCode(
  provider: Provider,
  { state, nonce, verifier, redirectUri }: Transaction,
  query: URLSearchParams,
): Promise<string> {
  const url = new URL(redirectUri);
  url.search = query.toString();
  try {
    const configuration = await provider.configuration();
    checkIssuer(query, configuration);
    const tokens = await authorizationCodeGrant(configuration, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    if (tokens.id_token === undefined) throw new SignInError('provider-invalid', 'there is no ID token');
    return tokens.id_token;
  } catch (error) {
    throw explainResponse(error, [...query.getAll('code'), state, nonce, verifier, ...provider.secrets]);
  }
}
