import { z } from 'zod';
import { duration, filePath, userIdPrefix } from '../config-file/fields.ts';
import { signIn } from './sign-in-schema.ts';

const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
const SYMMETRIC = ['HS256', 'HS384', 'HS512'] as const;

/** Supported JWS algorithms (RFC 7518 §3.1, RFC 8037); never `none`. */
const algorithm = z.enum(
  [...ASYMMETRIC, ...SYMMETRIC],
  'must be an algorithm such as RS256, PS256, ES256, EdDSA or HS256; none is never accepted',
);

const fetching = {
  maxStale: duration('0s', '30d')
    .prefault('24h')
    .describe('How long cached keys are used past their lifetime while the issuer is down.'),
  cooldown: duration('1s', '1h')
    .prefault('30s')
    .describe('At most one fetch for an unknown kid in this time.'),
  allowHttp: z.boolean().default(false).describe('Allow http; only for tests and closed networks.'),
};

const jwksForms = 'must be one of { url }, { file }, { keys } or { discover: true }';

const jwks = z.union(
  [
    z.strictObject({ url: z.url('must be a URL, such as https://login.example.com/jwks.json'), ...fetching }),
    z.strictObject({ discover: z.literal(true), ...fetching }),
    z.strictObject({ file: filePath }),
    z.strictObject({
      keys: z.array(z.record(z.string(), z.unknown())).min(1, 'must contain at least one JWK'),
    }),
  ],
  jwksForms,
);

/** One token issuer: its keys and the requirements for its tokens. */
export const issuer = z.strictObject({
  issuer: z.string().min(1, 'must be the value of the iss claim').optional(),
  anyIssuer: z.literal(true).optional().describe('Accept any `iss`, or none: the keys alone decide.'),
  audience: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], 'must be an audience or a list of them')
    .transform((one) => (Array.isArray(one) ? one : [one]))
    .optional(),
  anyAudience: z
    .literal(true)
    .optional()
    .describe('Accept any `aud`, also tokens that were issued for other services.'),
  jwks,
  algorithms: z.array(algorithm).min(1, 'must name at least one algorithm').optional(),
  clockTolerance: duration('0s', '10m').prefault('30s'),
  maxTokenAge: duration('1s', '365d').optional().describe('Reject tokens whose `iat` is older.'),
  typ: z.string().optional().describe('The `typ` that the protected header must have, such as at+jwt.'),
  requiredClaims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  userIdPrefix: userIdPrefix.optional(),
  signIn: signIn.optional().describe('Lets people sign in with a browser at this issuer.'),
});

export type Issuer = z.output<typeof issuer>;
export type JwksSource = z.output<typeof jwks>;
export type Algorithm = z.output<typeof algorithm>;
