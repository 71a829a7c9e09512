import { z } from 'zod';
import { filePath } from '../config-file/fields.ts';

/** scope-token of RFC 6749 §3.3. */
const scope = z
  .string()
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+$/,
    'must be a scope without spaces, quotes and backslashes, such as profile',
  );

const oidc = z.strictObject({
  clientId: z.string().min(1, 'must be the client id that the provider gave this service'),
  clientSecret: z
    .string()
    .min(1, 'must not be empty: omit it for a public client')
    .optional()
    .describe('The client secret; take it from the environment, such as ${OIDC_SECRET}.'),
  clientSecretFile: filePath.optional().describe('A file that contains the client secret only.'),
  scopes: z.array(scope).default(['openid']).describe('Scopes to request; openid is always among them.'),
  label: z
    .string()
    .min(1, 'must not be empty')
    .max(60, 'must be at most 60 characters')
    .optional()
    .describe('Text of the link on the sign-in page; default: the host of the issuer.'),
  redirectUri: z
    .url('must be a URL, such as https://comfy.example.com/_auth/oidc/callback')
    .optional()
    .describe('The address that the provider sends users back to; required if no domain is exact.'),
  keepSession: z
    .boolean('must be true or false')
    .default(false)
    .describe('true: a session may outlive the ID token, up to session.maxAge.'),
});

/** How people sign in with a browser at an issuer. */
export const signIn = z.strictObject({
  oidc: oidc.describe('OpenID Connect, authorization code flow with PKCE.'),
});

/** The OpenID Connect client at one issuer. */
export type OidcClient = z.output<typeof oidc>;
