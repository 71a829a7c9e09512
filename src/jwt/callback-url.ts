/** Where providers send users back to. */
export const OIDC_CALLBACK = '/_auth/oidc/callback';

/** Whether a host is covered by an entry of `domains`: exact, `*.example.com` or `*`. */
export function matchesDomain(host: string, domain: string): boolean {
  const [name, pattern] = [host.toLowerCase().replace(/\.$/, ''), domain.toLowerCase()];
  if (pattern === '*') return true;
  return pattern.startsWith('*.')
    ? name.endsWith(pattern.slice(1)) && name !== pattern.slice(2)
    : name === pattern;
}

export interface CallbackParts {
  /** Of the endpoint. */
  readonly domains: readonly string[];
  /** From the configuration. */
  readonly redirectUri: string | undefined;
  /** `Host` of the request. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  /** Where Envoy listens, besides the default ports. */
  readonly port: string;
}

/**
 * The redirect URI of a sign-in. `Host` only selects one of the exact domains, and its port must be the gateway's own.
 *
 * @returns undefined if the host is not an exact domain of the endpoint
 */
export function callbackUrl({ domains, redirectUri, host, scheme, port }: CallbackParts): URL | undefined {
  if (redirectUri !== undefined) return new URL(redirectUri);
  const [, name = '', given = ''] = /^([^:]*)(?::([0-9]+))?$/.exec(host.toLowerCase()) ?? [];
  const domain = domains.find((one) => !one.startsWith('*') && matchesDomain(name, one));
  if (domain === undefined || (given !== '' && given !== port)) return undefined;
  return new URL(`${scheme}://${domain.toLowerCase()}${given === '' ? '' : `:${given}`}${OIDC_CALLBACK}`);
}
