import type { ConfigPath } from '../config-file/diagnostics.ts';

const user = (n: number) => ({
  username: `unnamed-${n}`,
  password: `$2b$10$${String(n).padStart(22, 'a')}${'A'.repeat(31)}`,
});
const upstream = (n: number): string => `http://unnamed-${n}.invalid:8188`;
const url = (n: number): string => `https://unnamed-${n}.invalid/jwks.json`;
const basicAuth = (n: number) => ({ method: 'BASIC', users: [user(n)] });
const FIRST_PORT = 20_000;
const loopback = (n: number): string => `127.9.9.9:${FIRST_PORT + n}`;
const header = (n: number): string => `X-Unnamed-${n}`;
const rule = (n: number) => ({ deny: [`/unnamed-${n}`] });
const jwk = (n: number) => ({
  kty: 'EC',
  crv: 'P-256',
  kid: `unnamed-${n}`,
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
});

/**
 * Valid values that replace invalid ones, all different, so that rules can check the rest of the configuration. `*` is any
 * list index.
 */
const SUBSTITUTES: Readonly<Record<string, (n: number) => unknown>> = {
  endpoints: (n) => [SUBSTITUTES['endpoints.*']?.(n)],
  'endpoints.*': (n) => ({
    name: `unnamed-${n}`,
    domains: [`unnamed-${n}.invalid`],
    upstream: upstream(n),
    multiTenant: true,
    auth: basicAuth(n),
  }),
  'endpoints.*.name': (n) => `unnamed-${n}`,
  'endpoints.*.domains': (n) => [`unnamed-${n}.invalid`],
  'endpoints.*.domains.*': (n) => `unnamed-${n}.invalid`,
  'endpoints.*.upstream': upstream,
  'endpoints.*.upstream.*': upstream,
  'endpoints.*.multiTenant': () => true,
  'endpoints.*.auth': basicAuth,
  'endpoints.*.auth.users': (n) => [user(n)],
  'endpoints.*.auth.users.*': user,
  'endpoints.*.auth.users.*.username': (n) => user(n).username,
  'endpoints.*.auth.users.*.password': (n) => user(n).password,
  'endpoints.*.auth.usersFile': (n) => `unnamed-${n}`,
  'endpoints.*.auth.userIdPrefix': (n) => `unnamed${n}`,
  'endpoints.*.auth.operators.claim.name': (n) => `unnamed-${n}`,
  'endpoints.*.auth.operators.claim.value': (n) => `unnamed-${n}`,
  'endpoints.*.auth.operators.users.*': (n) => `unnamed-${n}`,
  'endpoints.*.auth.issuers': (n) => [SUBSTITUTES['endpoints.*.auth.issuers.*']?.(n)],
  'endpoints.*.auth.issuers.*': (n) => ({
    issuer: `https://unnamed-${n}.invalid`,
    audience: 'comfyui',
    jwks: { url: url(n) },
    userIdPrefix: `unnamed${n}`,
  }),
  'endpoints.*.auth.issuers.*.issuer': (n) => `https://unnamed-${n}.invalid`,
  'endpoints.*.auth.issuers.*.anyIssuer': () => true,
  'endpoints.*.auth.issuers.*.audience': (n) => `unnamed-${n}`,
  'endpoints.*.auth.issuers.*.audience.*': (n) => `unnamed-${n}`,
  'endpoints.*.auth.issuers.*.anyAudience': () => true,
  'endpoints.*.auth.issuers.*.userIdPrefix': (n) => `unnamed${n}`,
  'endpoints.*.auth.issuers.*.signIn.oidc.clientId': (n) => `unnamed-${n}`,
  'endpoints.*.auth.issuers.*.signIn.oidc.redirectUri': (n) =>
    `https://unnamed-${n}.invalid/_auth/oidc/callback`,
  'endpoints.*.auth.issuers.*.jwks': (n) => ({ url: url(n) }),
  'endpoints.*.auth.issuers.*.jwks.url': url,
  'endpoints.*.auth.issuers.*.jwks.discover': () => true,
  'endpoints.*.auth.issuers.*.jwks.file': (n) => `unnamed-${n}`,
  'endpoints.*.auth.issuers.*.jwks.keys': (n) => [jwk(n)],
  'endpoints.*.auth.issuers.*.jwks.keys.*': jwk,
  'endpoints.*.auth.tokenLookup.*': (n) => ({ location: 'HEADER', name: header(n) }),
  'endpoints.*.auth.tokenLookup.*.location': () => 'HEADER',
  'endpoints.*.auth.tokenLookup.*.name': header,
  'endpoints.*.auth.claimTransformations.*': (n) => ({ location: 'HEADER', name: header(n), claim: 'sub' }),
  'endpoints.*.auth.claimTransformations.*.location': () => 'HEADER',
  'endpoints.*.auth.claimTransformations.*.name': header,
  'endpoints.*.auth.claimTransformations.*.claim': () => 'sub',
  'endpoints.*.publicPaths.*': (n) => ({ path: `/unnamed-${n}` }),
  'endpoints.*.publicPaths.*.path': (n) => `/unnamed-${n}`,
  'endpoints.*.allowedOrigins.*': (n) => `https://unnamed-${n}.invalid`,
  'endpoints.*.rules.*': rule,
  'endpoints.*.rules.*.allow': (n) => rule(n).deny,
  'endpoints.*.rules.*.allow.*': (n) => rule(n).deny[0],
  'endpoints.*.rules.*.deny': (n) => rule(n).deny,
  'endpoints.*.rules.*.deny.*': (n) => rule(n).deny[0],
  'endpoints.*.rules.*.name': (n) => `unnamed-${n}`,
  'endpoints.*.rules.*.to.users.*': (n) => `unnamed-${n}`,
  'endpoints.*.rules.*.to.claim.name': (n) => `unnamed-${n}`,
  'endpoints.*.rules.*.to.claim.value': (n) => `unnamed-${n}`,
  'endpoints.*.tests.*': (n) => ({ as: `unnamed-${n}`, request: 'GET /', expect: 'allow' }),
  'endpoints.*.tests.*.as': (n) => `unnamed-${n}`,
  'endpoints.*.tests.*.request': () => 'GET /',
  'endpoints.*.tests.*.expect': () => 'allow',
  sameUsers: () => true,
  'gateway.listen': loopback,
  'gateway.redirectFrom': loopback,
  'service.listen': loopback,
  'admin.listen': loopback,
  'portal.listen': loopback,
  ...Object.fromEntries(
    ['gateway', 'service'].flatMap((section) =>
      ['certFile', 'keyFile', 'clientCaFile', 'clientCertFile', 'clientKeyFile'].map((key) => [
        `${section}.tls.${key}`,
        (n: number) => `unnamed-${n}`,
      ]),
    ),
  ),
};

/** A valid value for a path; undefined if the key can be omitted. @param n makes it unique */
export function substituteFor(path: ConfigPath, n: number): unknown {
  const pattern = path.map((part) => (typeof part === 'number' ? '*' : part)).join('.');
  return Object.hasOwn(SUBSTITUTES, pattern) ? SUBSTITUTES[pattern]?.(n) : undefined;
}

/** The method that the author most likely meant. */
export function likelyMethod(auth: Readonly<Record<string, unknown>>): 'BASIC' | 'JWT' {
  const written = typeof auth['method'] === 'string' ? auth['method'].toUpperCase() : '';
  if (written === 'BASIC' || written === 'JWT') return written;
  return ['issuers', 'tokenLookup', 'claimTransformations'].some((key) => key in auth) ? 'JWT' : 'BASIC';
}
