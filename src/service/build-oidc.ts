import { performance } from 'node:perf_hooks';
import type { Config, Endpoint } from '../config/schema.ts';
import type { Issuer } from '../jwt/issuer-schema.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';
import type { KeyRing } from '../jwt/key-ring.ts';
import { createIdentify } from '../jwt/identify.ts';
import { allowsHttp } from '../jwt/sign-in-rules.ts';
import type { OidcEndpoint, OidcIssuer } from '../oidc/oidc-endpoint.ts';
import { createProvider } from '../oidc/provider.ts';
import { isOperator } from './is-operator.ts';

interface OidcParts {
  readonly keyRing: KeyRing;
  readonly fetch: typeof fetch;
  readonly clientSecrets: Config['clientSecrets'];
}

function issuer(
  rules: Issuer,
  auth: JwtAuth,
  { keyRing, fetch, clientSecrets }: OidcParts,
): OidcIssuer | undefined {
  const { signIn, issuer: name } = rules;
  if (signIn === undefined || name === undefined) return undefined;
  const { claimTransformations } = auth;
  const { clientSecret, clientSecretFile, clientId, label } = signIn.oidc;
  const provider = createProvider({
    issuer: name,
    client: signIn.oidc,
    clientSecret: clientSecretFile === undefined ? clientSecret : clientSecrets.get(clientSecretFile),
    clockToleranceMs: rules.clockTolerance,
    fetch,
    allowHttp: allowsHttp(rules),
    monotonic: () => performance.now(),
  });
  return {
    provider,
    label: label ?? new URL(name).host,
    rules: {
      trusted: { rules, keys: keyRing.sourceFor(rules) },
      clientId,
      claimTransformations,
      identify: createIdentify({
        claimTransformations,
        isOperator: (userId, claims) => isOperator(auth.operators, userId, claims),
      }),
    },
  };
}

function endpoint({ name, domains, auth }: Endpoint, parts: OidcParts): OidcEndpoint | undefined {
  if (auth.method !== 'JWT') return undefined;
  const issuers = auth.issuers.flatMap((rules) => issuer(rules, auth, parts) ?? []);
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
