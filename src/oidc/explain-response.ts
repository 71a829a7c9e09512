import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { explainError } from '../errors/explain-error.ts';
import { SignInError, type Problem } from './problem.ts';

/** Errors of the authorization endpoint (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6) that are not the provider's fault. */
const BY_USER: Readonly<Record<string, Problem>> = {
  access_denied: 'access-denied',
  login_required: 'access-denied',
  interaction_required: 'access-denied',
  account_selection_required: 'access-denied',
  consent_required: 'access-denied',
  temporarily_unavailable: 'provider-unavailable',
};

/** Codes of openid-client. */
const BY_CODE: Readonly<Record<string, Problem>> = {
  OAUTH_TIMEOUT: 'provider-unavailable',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'clock-wrong',
};

const LONGEST = 200;

/** Text of a provider for the log: printable, short, without the secrets of this sign-in. */
function shown(text: string | undefined, secrets: readonly string[]): string {
  let safe = (text ?? '').replaceAll(/[^\x20-\x7e]+/g, ' ');
  for (const secret of secrets) if (secret !== '') safe = safe.replaceAll(secret, '…');
  return safe.slice(0, LONGEST);
}

function explainClientError({ code = '', message, cause }: ClientError): [Problem, string] {
  const why = cause instanceof Error ? explainError(cause) : message;
  if (code === '') return ['provider-unavailable', why];
  return [BY_CODE[code] ?? 'provider-invalid', `${message}: ${why} (${code})`];
}

function explain(error: unknown): [Problem, string] {
  if (error instanceof AuthorizationResponseError) {
    const text = `the provider answered ${error.error}: ${error.error_description ?? ''}`;
    return [BY_USER[error.error] ?? 'provider-error', text];
  }
  if (error instanceof ResponseBodyError) {
    const text = `the token endpoint answered ${error.error}: ${error.error_description ?? ''}`;
    return [error.error === 'invalid_grant' ? 'code-refused' : 'provider-invalid', text];
  }
  if (error instanceof WWWAuthenticateChallengeError)
    return [
      'provider-invalid',
      'the token endpoint refused this client: check clientId and the client secret',
    ];
  if (error instanceof ClientError) return explainClientError(error);
  return ['provider-unavailable', explainError(error)];
}

/**
 * What to tell about a failed sign-in.
 *
 * @param secrets texts that no log may show
 */
export function explainResponse(error: unknown, secrets: readonly string[]): SignInError {
  if (error instanceof SignInError) return error;
  const [problem, text] = explain(error);
  return new SignInError(problem, shown(text, secrets));
}
