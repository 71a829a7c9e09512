import { performance } from 'node:perf_hooks';
import type { Config, Endpoint } from '../config/schema.ts';
import type { Issuer } from '../jwt/issuer-schema.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';
import type { KeyRing } from '../jwt/key-ring.ts';
import { createIdentify, type Identify } from '../jwt/identify.ts';
import { allowsHttp } from '../jwt/sign-in-rules.ts';
import type { OidcEndpoint, OidcIssuer } from '../oidc/oidc-endpoint.ts';
import { createProvider, type Provider } from '../oidc/provider.ts';
import type { TokenRules } from '../oidc/verify-id-token.ts';
import { identifyingClaims } from './identifying.ts';

interface OidcParts {
  readonly keyRing: KeyRing;
  readonly fetch: typeof fetch;
  readonly clientSecrets: Config['clientSecrets'];
}

function tokenRules(rules: Issuer, auth: JwtAuth, parts: OidcParts & { identify: Identify }): TokenRules {
  return {
    trusted: { rules, keys: parts.keyRing.sourceFor(rules) },
    clientId: rules.signIn?.oidc.clientId ?? '',
    claimTransformations: auth.claimTransformations,
    identify: parts.identify,
  };
}

function providerOf(rules: Issuer, { fetch, clientSecrets }: OidcParts): Provider | undefined {
  const { signIn, issuer } = rules;
  if (signIn === undefined || issuer === undefined) return undefined;
  const { clientSecret, clientSecretFile } = signIn.oidc;
  return createProvider({
    issuer,
    client: signIn.oidc,
    clientSecret: clientSecretFile === undefined ? clientSecret : clientSecrets.get(clientSecretFile),
    clockToleranceMs: rules.clockTolerance,
    fetch,
    allowHttp: allowsHttp(rules),
    monotonic: () => performance.now(),
  });
}

function endpoint({ name, domains, auth, rules }: Endpoint, parts: OidcParts): OidcEndpoint | undefined {
  if (auth.method !== 'JWT') return undefined;
  const identify = createIdentify(identifyingClaims(auth, rules));
  const issuers = auth.issuers.flatMap((issuer): OidcIssuer[] => {
    const provider = providerOf(issuer, parts);
    if (provider === undefined) return [];
    const label = provider.client.label ?? new URL(provider.issuer).host;
    return [{ provider, label, rules: tokenRules(issuer, auth, { ...parts, identify }) }];
  });
  return issuers.length === 0 ? undefined : { name, domains, issuers };
}

/** The endpoints of one revision at which people sign in with OpenID Connect, by name. */
export function buildOidc(
  { endpoints, clientSecrets }: Config,
  parts: Omit<OidcParts, 'clientSecrets'>,
): ReadonlyMap<string, OidcEndpoint> {
  return new Map(
    endpoints.flatMap((one): [string, OidcEndpoint][] => {
      const built = endpoint(one, { ...parts, clientSecrets });
      return built === undefined ? [] : [[one.name, built]];
    }),
  );
}
