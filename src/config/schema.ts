import { z } from 'zod';
import {
  address,
  duration,
  filePath,
  hostName,
  hostPort,
  listen,
  serviceTlsFiles,
  tlsFiles,
  upstream,
} from '../config-file/fields.ts';
import { origin } from '../access/origin-schema.ts';
import { accessRule, accessTest } from '../access/rule-schema.ts';
import { basicAuth } from '../basic/basic-schema.ts';
import { jwtAuth } from '../jwt/jwt-schema.ts';
import { accessTokenSettings } from '../access-token/access-token-schema.ts';
import { revocationSettings } from '../revocation/revocation-schema.ts';
import { sessionSettings } from '../session/session-schema.ts';
import { portalSettings } from '../portal/portal-schema.ts';
import { consoleSettings } from './console-schema.ts';

/** Only paths that every proxy and server parses alike. */
function isPublicPath(path: string): boolean {
  const odd = /\/\/|\/\.\.?(\/|\*|$)/.test(path);
  return /^\/[A-Za-z0-9._~!$&'()+,=:@/-]*\*?$/.test(path) && !odd;
}

const publicPath = z.strictObject({
  path: z
    .string()
    .refine(
      isPublicPath,
      'must be a plain path, exact or ending in *, such as /public/*: no //, . or .. segments, escapes, ; or ?',
    )
    .refine((path) => path !== '/*', 'would make everything public: list the public paths'),
  answer: z
    .strictObject({
      status: z.int().min(200).max(599).default(200),
      body: z
        .string()
        .refine(
          (body) => Buffer.byteLength(body) <= 4096,
          'must be at most 4096 bytes: Envoy sends no longer body',
        )
        .default(''),
    })
    .optional()
    .describe('Envoy answers directly; without it, the request is forwarded to ComfyUI without an identity.'),
});

const endpoint = z.strictObject({
  name: z
    .string('must be a name, such as studio')
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'must be 1 to 40 of a-z, 0-9 and -, such as studio'),
  domains: z
    .array(
      z
        .string()
        .regex(
          /^(\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)$/,
          'must be a host name without port, *.example.com or *',
        ),
    )
    .min(1, 'must name at least one domain; omit it to match all')
    .default(['*']),
  upstream: z
    .union(
      [upstream, z.array(upstream).min(1, 'must name at least one ComfyUI')],
      'must be the address of a ComfyUI, such as http://127.0.0.1:8188, or a list of them',
    )
    .transform((one) => (Array.isArray(one) ? one : [one]))
    .describe('One or more ComfyUIs; each user is always routed to the same one.'),
  multiTenant: z
    .boolean('must be true or false')
    .describe('Multi-tenant mode. false: authenticate only, send no user id.'),
  auth: z.discriminatedUnion('method', [basicAuth, jwtAuth], 'must be BASIC or JWT'),
  publicPaths: z.array(publicPath).default([]),
  allowedOrigins: z
    .array(origin)
    .default([])
    .describe('Web origins whose pages may use this endpoint, with the credentials of the browser.'),
  rules: z.array(accessRule).default([]).describe('Access rules; the first that matches decides.'),
  tests: z
    .array(accessTest)
    .default([])
    .describe('What the rules must decide; a failing test rejects the configuration.'),
});

/** The configuration file as written; `rules/` checks what spans several fields. */
export const configSchema = z.strictObject({
  endpoints: z.array(endpoint).min(1, 'must have at least one endpoint'),
  sameUsers: z
    .boolean('must be true or false')
    .default(false)
    .describe('A user id means the same person in all sources in front of one ComfyUI.'),
  comfyui: z
    .strictObject({
      tokenKeyFile: filePath
        .default('.comfy-tenant/token.key')
        .describe('The private key that signs the tokens for ComfyUI; created (0600) if missing.'),
      publicKeyDir: filePath
        .optional()
        .describe("The folder of ComfyUI's public key files; default: `public` next to tokenKeyFile."),
      verifyKeyFile: filePath
        .default('.comfy-tenant/verify.key')
        .describe('The private key of `comfy-tenant verify`; created (0600) if missing. Never for ComfyUI.'),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      listen: hostPort.prefault('127.0.0.1:8080'),
      tls: tlsFiles.optional().describe('The certificate of the edge-tls preset.'),
      redirectFrom: hostPort
        .optional()
        .describe('Where the edge-tls preset listens for plain HTTP and redirects it to HTTPS.'),
      trustedHops: z
        .int()
        .min(0)
        .max(10)
        .default(0)
        .describe('Number of proxies in front of Envoy whose X-Forwarded-For is trusted.'),
    })
    .prefault({}),
  service: z
    .strictObject({
      listen: listen.prefault('unix:run/authz.sock').describe('Where the service listens.'),
      address: address.optional().describe('Where Envoy connects to, if it differs from `listen`.'),
      socketGroup: z
        .string('must be the name or number of a group; put quotes around digits')
        .regex(
          /^([a-z_][a-z0-9_.-]{0,31}|[0-9]{1,10})$/,
          'must be the name or number of a group, such as envoy',
        )
        .optional()
        .describe('Group that may connect to the Unix socket (0660); without it, only its owner may (0600).'),
      tls: serviceTlsFiles.optional(),
      rememberFor: duration('1s', '24h')
        .prefault('10m')
        .describe('How long the decision about a credential is cached.'),
      parallelHashes: z
        .int()
        .min(1)
        .max(64)
        .optional()
        .describe('Password hashes in parallel; default: the number of processors minus one.'),
      waitingHashes: z.int().min(1).max(10_000).default(100),
    })
    .prefault({}),
  session: sessionSettings,
  portal: portalSettings,
  revocation: revocationSettings,
  accessTokens: accessTokenSettings,
  admin: z
    .strictObject({
      listen: hostPort.prefault('127.0.0.1:9002'),
      hosts: z
        .array(hostName)
        .default([])
        .describe(
          'Host names accepted by /readyz and /metrics, besides localhost, the name in listen and any IP address.',
        ),
    })
    .prefault({}),
  console: consoleSettings,
  audit: z
    .strictObject({
      file: filePath
        .optional()
        .describe(
          'Also write audit events to this file (created with mode 0600), one line of JSON each; reopened after rotation.',
        ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error').default('info'),
    })
    .prefault({}),
});

/** The configuration with defaults applied, absolute paths and durations in milliseconds. */
export type Config = z.output<typeof configSchema> & {
  /** Absolute path of the configuration file. */
  file: string;
  /** By endpoint with `method: BASIC`: user name → password hash, from `users` and `usersFile`. */
  users: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By absolute path: the JWKS files that issuers name, parsed and checked. */
  keySets: ReadonlyMap<string, unknown>;
  /** By absolute path: the client secrets in the files that `signIn` names. */
  clientSecrets: ReadonlyMap<string, string>;
};
export type Endpoint = Config['endpoints'][number];
export type PublicPath = z.output<typeof publicPath>;
