import type { Context } from 'hono';
import { safeNext } from '../http/safe-next.ts';
import { cookieNames } from './read-cookies.ts';
import {
  endpointOf,
  issuerOf,
  redirectUriFor,
  type OidcEndpoint,
  type OidcIssuer,
  type OidcOptions,
} from './oidc-endpoint.ts';
import { languageFor, showPage } from './oidc-page.ts';
import { SignInError } from './problem.ts';
import type { SealedBox } from './sealed-box.ts';
import { showProblem, startUrl } from './show-problem.ts';
import { beginSignIn, type Prompt } from './sign-in.ts';
import { TEXTS } from './texts.ts';
import { storeTransaction } from './transaction.ts';

const PROMPTS: Readonly<Record<string, Prompt>> = { login: 'login', select_account: 'select_account' };

interface Wanted {
  readonly next: string;
  readonly prompt: Prompt | undefined;
  readonly iss: string | undefined;
  /** Whether the browser was already sent to the configured address. */
  readonly moved: boolean;
}

function read(context: Context): Wanted {
  const { next, prompt, iss, moved } = context.req.query();
  return {
    next: safeNext(next),
    prompt: prompt !== undefined && Object.hasOwn(PROMPTS, prompt) ? PROMPTS[prompt] : undefined,
    iss,
    moved: moved === '1',
  };
}

/** Shows the links of several providers. */
function showIssuers(context: Context, issuers: readonly OidcIssuer[], options: OidcOptions) {
  const { next, prompt } = read(context);
  const links = issuers.map(({ provider, label }) => ({
    url: startUrl({ iss: provider.issuer, next: next === '/' ? undefined : next, prompt }),
    label,
  }));
  const page = { ...TEXTS[languageFor(context)].choose, status: 200, links } as const;
  return showPage(context, page, options.site());
}

/** Whether the browser must first go to the address that the provider sends it back to, which gets the cookie. */
function isElsewhere(context: Context, redirectUri: URL, moved: boolean): boolean {
  const host = (context.req.header('host') ?? '').toLowerCase().replace(/:[0-9]+$/, '');
  const proto = `${context.req.header('x-forwarded-proto') ?? 'http'}:`;
  if (host !== redirectUri.hostname) {
    if (moved) throw new SignInError('address-unknown', 'the redirectUri does not lead to this endpoint');
    return true;
  }
  // A proxy that ends TLS may not forward the scheme: only once.
  return !moved && proto !== redirectUri.protocol;
}

interface Starting {
  readonly endpoint: OidcEndpoint;
  readonly client: OidcIssuer;
  readonly box: SealedBox;
  readonly options: OidcOptions;
}

async function begin(
  context: Context,
  wanted: Wanted,
  { endpoint, client, box, options }: Starting,
): Promise<Response> {
  const redirectUri = redirectUriFor(context, endpoint, { client, port: options.port });
  if (redirectUri === undefined)
    throw new SignInError(
      'address-unknown',
      'the host is not an exact domain of this endpoint with the port of gateway.listen: set redirectUri',
    );
  const { next, prompt, moved } = wanted;
  if (isElsewhere(context, redirectUri, moved)) {
    const path = startUrl({ iss: wanted.iss, next, prompt, moved: '1' });
    return context.redirect(redirectUri.origin + path, 303);
  }
  const nowMs = options.now();
  const { provider } = client;
  const begun = await beginSignIn(provider, { endpoint: endpoint.name, redirectUri, next, prompt, nowMs });
  const cookies = await storeTransaction(box, begun.transaction, cookieNames(context));
  for (const cookie of cookies) context.header('set-cookie', cookie, { append: true });
  return context.redirect(begun.url.href, 303);
}

function clientFor({ iss }: Wanted, issuers: readonly OidcIssuer[]): OidcIssuer | undefined {
  return iss === undefined ? issuers[0] : issuerOf(issuers, iss);
}

/** `GET /_auth/oidc/start`: sends the browser to the provider, or shows the providers if there are several. */
export async function startRoute(context: Context, box: SealedBox, options: OidcOptions): Promise<Response> {
  const wanted = read(context);
  const endpoint = options.findEndpoint(endpointOf(context));
  const client = clientFor(wanted, endpoint?.issuers ?? []);
  context.header('cache-control', 'no-store');
  try {
    if (endpoint === undefined || client === undefined)
      throw new SignInError('not-configured', 'no such issuer with signIn');
    if (wanted.iss === undefined && endpoint.issuers.length > 1)
      return await showIssuers(context, endpoint.issuers, options);
    return await begin(context, wanted, { endpoint, client, box, options });
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    const attempt = { issuer: client?.provider.issuer, next: wanted.next };
    return showProblem(context, error, { attempt, options });
  }
}
