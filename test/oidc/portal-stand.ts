import { Hono } from 'hono';
import { pino } from 'pino';
import { createMetrics } from '../../src/admin/metrics.ts';
import { createKeyRing } from '../../src/jwt/key-ring.ts';
import type { ProviderLogout } from '../../src/oidc/logout-token.ts';
import type { OidcFailure } from '../../src/oidc/oidc-endpoint.ts';
import { createOidcMethod } from '../../src/oidc/oidc-method.ts';
import type { SignedIn } from '../../src/portal/sign-in-method.ts';
import { buildOidc } from '../../src/service/build-oidc.ts';
import { openKeys } from '../../src/service/open-keys.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { CookieJar } from './cookie-jar.ts';

export const HOST = 'comfy.example.com';
export const CALLBACK = `https://${HOST}/_auth/oidc/callback`;

/** An endpoint with these issuers. */
export function anEndpoint(
  issuers: readonly string[],
  { name = 'studio', host = HOST, claim = 'sub' } = {},
): string {
  return `
  - name: ${name}
    domains: [${host}]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers:
${issuers.map((one) => `        - { ${one} }`).join('\n')}
      claimTransformations:
        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: ${claim} }
`;
}

/** The issuer as a configuration has it. @param more of the client, such as `keepSession: true` */
export function anIssuerEntry(
  issuer: string,
  { oidc = '', rules = '', secret = 'secret of the client' } = {},
): string {
  const client = `clientId: comfy${secret === '' ? '' : `, clientSecret: "${secret}"`}${oidc === '' ? '' : `, ${oidc}`}`;
  return `issuer: "${issuer}", audience: api, jwks: { discover: true, allowHttp: true, cooldown: 1s }, signIn: { oidc: { ${client} } }${rules === '' ? '' : `, ${rules}`}`;
}

export interface Visit {
  readonly host?: string;
  readonly endpoint?: string;
  readonly scheme?: 'http' | 'https';
  readonly headers?: Record<string, string>;
}

/** The OIDC part of the portal, without Envoy and without the network between browser and portal. */
export function aPortal(endpoints: string, changes: { readonly fetch?: typeof fetch } = {}) {
  const directory = aDirectory();
  const { config } = load(directory.write('comfy-tenant.yaml', `endpoints:${endpoints}`));
  directory.remove();
  const shift = { ms: 0 };
  const now = (): number => Date.now() + shift.ms;
  const signedIn: SignedIn[] = [];
  const failures: OidcFailure[] = [];
  const ended: (ProviderLogout & { readonly endpoint: string })[] = [];
  const trouble: { ofSessions?: Error } = {};
  const asked = changes.fetch ?? fetch;
  const parts = { log: pino({ level: 'silent' }), metrics: createMetrics(), now, fetch: asked };
  const keyRing = createKeyRing((rules) => openKeys(rules, config, parts));
  const built = buildOidc(config, { keyRing, fetch: asked });
  const key = new Uint8Array(32).fill(7);
  const method = createOidcMethod({
    findEndpoint: (name) => built.get(name),
    port: '8080',
    keys: () => [key],
    now,
    maxAgeMs: () => 3_600_000,
    site: () => ({ title: 'ComfyUI', notice: 'Ask Zoë.' }),
    startSession: (context, person) => {
      signedIn.push(person);
      return Promise.resolve(context.redirect(person.next, 303));
    },
    endSessions: (endpoint, logout) => {
      if (trouble.ofSessions !== undefined) return Promise.reject(trouble.ofSessions);
      ended.push({ ...logout, endpoint });
      return Promise.resolve();
    },
    onFailure: (failure) => failures.push(failure),
  });
  const app = new Hono();
  method.routes(app);
  const signOut = { claims: {} as Record<string, unknown> };
  app.post('/_auth/sign-out', async (context) =>
    context.json((await method.signOut(context, signOut.claims)) ?? null),
  );

  async function send(
    jar: CookieJar,
    url: string,
    visit: Visit & { readonly form?: Record<string, string> } = {},
  ) {
    const { pathname, search } = new URL(url, CALLBACK);
    const { host = HOST, endpoint = 'studio', scheme = 'https', headers = {}, form } = visit;
    const response = await app.request(`http://portal${pathname}${search}`, {
      headers: {
        host,
        'x-comfy-tenant-endpoint': endpoint,
        'x-forwarded-proto': scheme,
        'x-request-id': 'request-1',
        ...jar.header(pathname),
        ...headers,
      },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    jar.store(response);
    return response;
  }
  return {
    signedIn,
    failures,
    ended,
    trouble,
    shift,
    signOut,
    method,
    send,
    /** Begins a sign-in. @returns the address of the provider that the browser is sent to */
    async start(jar: CookieJar, query = '', visit: Visit = {}): Promise<string> {
      const response = await send(jar, `/_auth/oidc/start${query}`, visit);
      const location = response.headers.get('location');
      if (location === null) throw new Error(`not sent to the provider: ${await response.text()}`);
      return location;
    },
    problem: () => failures.at(-1)?.error.problem,
    close() {
      keyRing.close();
    },
  };
}

export type PortalStand = ReturnType<typeof aPortal>;
