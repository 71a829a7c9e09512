import type { ConfigPath } from '../config-file/diagnostics.ts';
import type { RuleContext } from '../config-file/rule-context.ts';
import { matchesDomain, OIDC_CALLBACK } from './callback-url.ts';
import { issuerAddressFault } from './issuer-address.ts';
import type { Issuer } from './issuer-schema.ts';
import type { JwtAuth } from './jwt-schema.ts';
import type { OidcClient } from './sign-in-schema.ts';

interface SignInContext extends RuleContext {
  /** Of the endpoint. */
  readonly domains: readonly string[];
}

interface Client {
  readonly path: ConfigPath;
  readonly rules: Issuer;
  readonly oidc: OidcClient;
}

const CALLBACK_PATH = new RegExp(`^${OIDC_CALLBACK}(?:/[a-z0-9-]{1,40})?$`);

/** Whether documents of the provider may be fetched over http. */
export function allowsHttp({ jwks }: Issuer): boolean {
  return 'allowHttp' in jwks && jwks.allowHttp;
}

function checkIssuer({ path, rules }: Client, { diagnostics }: SignInContext): void {
  if (rules.issuer === undefined) {
    diagnostics.fault([...path, 'oidc'], 'needs issuer: the provider is discovered at that URL');
    return;
  }
  const fault = issuerAddressFault(rules.issuer, allowsHttp(rules));
  if (fault !== undefined)
    diagnostics.fault([...path, 'oidc'], `needs an issuer to discover: issuer ${fault}`);
}

function secretFault(text: string): string | undefined {
  if (text.trim() === '') return 'is empty: it must contain the client secret';
  return !/^[\x21-\x7e]+$/.test(text.trim()) ? 'must contain the client secret only, on one line' : undefined;
}

/** The secret in `clientSecretFile`; undefined without that key, or if it is faulty. */
function checkSecret({ path, oidc }: Client, { files, diagnostics }: SignInContext): string | undefined {
  const { clientSecret, clientSecretFile } = oidc;
  if (clientSecretFile === undefined) return undefined;
  const at = [...path, 'oidc', 'clientSecretFile'];
  if (clientSecret !== undefined) diagnostics.fault(at, 'conflicts with clientSecret: keep one of the two');
  const read = files.read(clientSecretFile);
  const fault = read.ok ? secretFault(read.text) : read.fault;
  if (fault !== undefined) diagnostics.fault(at, `${files.shown(clientSecretFile)} ${fault}`);
  return read.ok && fault === undefined ? read.text.trim() : undefined;
}

function redirectFault(redirectUri: string, domains: readonly string[]): string | undefined {
  const url = new URL(redirectUri);
  if (!/^https?:$/.test(url.protocol)) return 'must be an https URL';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'must not contain a user name, a query or a fragment';
  if (!CALLBACK_PATH.test(url.pathname))
    return `must end in ${OIDC_CALLBACK}, or in ${OIDC_CALLBACK}/name with a-z, 0-9 and -`;
  return domains.some((domain) => matchesDomain(url.hostname, domain))
    ? undefined
    : 'must be at one of the domains of this endpoint';
}

function checkRedirect({ path, oidc }: Client, { domains, diagnostics }: SignInContext): void {
  const { redirectUri } = oidc;
  if (redirectUri === undefined) {
    if (domains.every((domain) => domain.startsWith('*')))
      diagnostics.fault(
        [...path, 'oidc'],
        `needs redirectUri, because no domain of this endpoint is exact: such as https://comfy.example.com${OIDC_CALLBACK}`,
      );
    return;
  }
  const fault = URL.canParse(redirectUri) ? redirectFault(redirectUri, domains) : undefined;
  if (fault !== undefined) diagnostics.fault([...path, 'oidc', 'redirectUri'], fault);
}

/** Providers that share a callback could pass off codes of each other (RFC 9700 §4.4, mix-up). */
function checkCallbacks(clients: readonly Client[], { diagnostics }: SignInContext): void {
  if (clients.length < 2) return;
  const seen = new Set<string>();
  for (const { path, oidc } of clients) {
    const { redirectUri } = oidc;
    const own = redirectUri === undefined ? undefined : URL.parse(redirectUri)?.href;
    if (redirectUri === undefined || seen.has(own ?? ''))
      diagnostics.fault(
        [...path, 'oidc', ...(redirectUri === undefined ? [] : ['redirectUri'])],
        `must have its own redirectUri, because several issuers have signIn: such as https://comfy.example.com${OIDC_CALLBACK}/name`,
      );
    seen.add(own ?? '');
  }
}

/**
 * Checks `signIn` of every issuer.
 *
 * @returns the client secrets in files, by absolute path
 */
export function checkSignIn(auth: JwtAuth, context: SignInContext): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  const clients = auth.issuers.flatMap((rules, index): Client[] => {
    const path = [...context.path, 'issuers', index, 'signIn'];
    return rules.signIn === undefined ? [] : [{ path, rules, oidc: rules.signIn.oidc }];
  });
  for (const client of clients) {
    checkIssuer(client, context);
    checkRedirect(client, context);
    const secret = checkSecret(client, context);
    if (secret !== undefined) secrets.set(client.oidc.clientSecretFile ?? '', secret);
  }
  checkCallbacks(clients, context);
  return secrets;
}
