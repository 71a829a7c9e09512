import { z } from 'zod';
import { realm } from '../config-file/fields.ts';
import { operators } from '../config-file/operators.ts';
import { issuer } from './issuer-schema.ts';

const location = z.enum(['HEADER', 'COOKIE', 'QUERY'], 'must be HEADER, COOKIE or QUERY');

const tokenLookup = z.strictObject({
  location,
  name: z.string().min(1, 'must name the header, cookie or query parameter'),
  prefix: z.string().optional().describe('HEADER only: the text before the token, such as "Bearer ".'),
});

const claimTransformation = z.strictObject({
  location,
  name: z.string().min(1, 'must name the header, cookie or query parameter'),
  claim: z.string().min(1, 'must name a claim, such as sub or profile.email'),
});

/** `auth` of an endpoint that verifies JSON Web Tokens. */
export const jwtAuth = z.strictObject({
  method: z.literal('JWT'),
  realm: realm.optional(),
  issuers: z.array(issuer).min(1, 'must name at least one issuer'),
  tokenLookup: z
    .array(tokenLookup)
    .min(1, 'must name at least one location')
    .default([{ location: 'HEADER', name: 'Authorization', prefix: 'Bearer ' }]),
  claimTransformations: z
    .array(claimTransformation)
    .default([])
    .describe('Claims to forward to ComfyUI; one of them is the isolation id.'),
  signInUrl: z
    .url({
      protocol: /^https?$/,
      error: 'must be an http or https URL, such as https://portal.example.com/login',
    })
    .optional()
    .describe('Where browsers without a token are sent; {url} stands for the address that they asked for.'),
  operators: operators.optional(),
});

export type JwtAuth = z.output<typeof jwtAuth>;
export type TokenLookup = z.output<typeof tokenLookup>;
export type ClaimTransformation = z.output<typeof claimTransformation>;
