import type { Context } from 'hono';
import {
  endpointOf,
  issuerOf,
  type OidcEndpoint,
  type OidcIssuer,
  type OidcOptions,
} from './oidc-endpoint.ts';
import { SignInError } from './problem.ts';
import { readCookie } from './read-cookies.ts';
import type { SealedBox } from './sealed-box.ts';
import { showProblem, startUrl, type Attempt } from './show-problem.ts';
import { redeemCode, type Prompt } from './sign-in.ts';
import { logoutHint } from './sign-out.ts';
import { forgetCookie, openTransaction, transactionCookie, type Transaction } from './transaction.ts';
import type { UsedOnce } from './used-once.ts';
import { verifyIdToken } from './verify-id-token.ts';

export interface CallbackParts {
  readonly box: SealedBox;
  readonly hints: SealedBox;
  readonly used: UsedOnce;
  readonly options: OidcOptions;
}

interface FoundCookie {
  readonly name: string;
  readonly value: string;
  readonly state: string;
}

/** The cookie that belongs to the `state` of the response, if this browser has it. */
function findCookie(context: Context): FoundCookie | undefined {
  const [state = '', ...others] = context.req.queries('state') ?? [];
  if (state === '' || others.length > 0) return undefined;
  for (const secure of [true, false]) {
    const name = transactionCookie(state, secure);
    const value = readCookie(context, name);
    if (value !== undefined) return { name, value, state };
  }
  return undefined;
}

/** Whether a transaction belongs to this state, cookie, endpoint and callback. */
function fits(
  { endpoint, redirectUri }: Transaction,
  { context, name, state }: { context: Context; name: string; state: string },
): boolean {
  const { protocol, pathname } = new URL(redirectUri);
  return (
    name === transactionCookie(state, protocol === 'https:') &&
    endpoint === endpointOf(context) &&
    pathname === context.req.path
  );
}

async function findTransaction(
  context: Context,
  cookie: FoundCookie | undefined,
  { box, used, options }: CallbackParts,
): Promise<Transaction> {
  if (cookie === undefined)
    throw new SignInError('transaction-missing', 'this browser has no cookie for the state of the response');
  const begun = await openTransaction(box, cookie.value);
  if (begun?.state !== cookie.state || !fits(begun, { context, ...cookie }))
    throw new SignInError('transaction-missing', 'the cookie belongs to another sign-in');
  if (begun.expiresAtMs <= options.now())
    throw new SignInError('transaction-expired', 'the sign-in took too long');
  if (!used.use(begun.state, begun.expiresAtMs))
    throw new SignInError('transaction-used', 'the response was used before');
  return begun;
}

/** The issuer at which the transaction began, if the configuration still has it. */
function issuerFor({ issuer, clientId }: Transaction, { issuers }: OidcEndpoint): OidcIssuer {
  const found = issuerOf(issuers, issuer);
  if (found?.provider.client.clientId === clientId) return found;
  throw new SignInError('transaction-expired', 'the configuration changed during the sign-in');
}

async function finish(context: Context, begun: Transaction, parts: CallbackParts): Promise<Response> {
  const { options, hints } = parts;
  const endpoint = options.findEndpoint(begun.endpoint);
  if (endpoint === undefined) throw new SignInError('not-configured', 'no issuer has signIn');
  const { provider, rules } = issuerFor(begun, endpoint);
  const idToken = await redeemCode(provider, begun, new URL(context.req.url).searchParams);
  const { identity, claims, user } = await verifyIdToken(idToken, rules, options.now());
  const response = await options.startSession(context, {
    endpoint: endpoint.name,
    identity,
    method: 'JWT',
    user,
    claims,
    next: begun.next,
    ...(provider.client.keepSession ? {} : { credentialEndsAtMs: identity.expiresAtMs ?? options.now() }),
  });
  const secure = begun.redirectUri.startsWith('https:');
  const hint = await logoutHint(hints, idToken, { secure, maxAgeMs: options.maxAgeMs() });
  response.headers.append('set-cookie', hint);
  return response;
}

async function answer(
  context: Context,
  cookie: FoundCookie | undefined,
  parts: CallbackParts,
): Promise<Response> {
  let attempt: Attempt = { issuer: undefined, next: undefined };
  let prompt: Prompt | undefined;
  try {
    const begun = await findTransaction(context, cookie, parts);
    attempt = { issuer: begun.issuer, next: begun.next };
    ({ prompt } = begun);
    return await finish(context, begun, parts);
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    // Not every provider can show a choice of accounts, and few list what they support in their metadata. All can ask for a password.
    if (prompt === 'select_account' && error.problem === 'provider-error')
      return context.redirect(startUrl({ iss: attempt.issuer, next: attempt.next, prompt: 'login' }), 303);
    return showProblem(context, error, { attempt, options: parts.options });
  }
}

/** `GET /_auth/oidc/callback`: ends the sign-in that `state` belongs to, whether it succeeds or not. */
export async function callbackRoute(context: Context, parts: CallbackParts): Promise<Response> {
  const cookie = findCookie(context);
  const response = await answer(context, cookie, parts);
  response.headers.set('cache-control', 'no-store');
  response.headers.set('referrer-policy', 'no-referrer');
  if (cookie !== undefined) response.headers.append('set-cookie', forgetCookie(cookie.name));
  return response;
}
