import { createPublicKey, KeyObject, sign } from 'node:crypto';
import { aGuard } from '../support/guard.ts';
import { aKey, AUDIENCE, ISSUER, type SigningKey } from '../support/tokens.ts';

export const PARTNER = 'https://partner.example';
export const seconds = (): number => Math.floor(Date.now() / 1000);
export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Claims of a good token of alice. */
export const claims = (more: object = {}): object => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'alice',
  exp: seconds() + 600,
  ...more,
});

/** A token put together by hand. */
export function made(
  header: object,
  signature: (input: string) => string,
  payload = JSON.stringify(claims()),
): string {
  const input = `${encode({ kid: 'rsa', ...header })}.${Buffer.from(payload).toString('base64url')}`;
  return `${input}.${signature(input)}`;
}

/** Two issuers before one ComfyUI; both have a key whose `kid` is `rsa`. */
export async function twoIssuers() {
  const rsa = await aKey('RS256', 'rsa');
  const ec = await aKey('ES256', 'ec');
  const p384 = await aKey('ES384', 'p384');
  const partner = await aKey('RS256', 'rsa');
  const issuer = (name: string, keys: SigningKey[], more = '') =>
    `{ issuer: "${name}", audience: ${AUDIENCE}, ${more} jwks: { keys: ${JSON.stringify(keys.map(({ jwk }) => jwk))} } }`;
  const guard = aGuard(`
endpoints:
  - name: api
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers:
        - ${issuer(ISSUER, [rsa, ec, p384])}
        - ${issuer(PARTNER, [partner], 'userIdPrefix: partner,')}
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
`);
  const privateKey = KeyObject.from(rsa.privateKey);
  return {
    rsa,
    ec,
    p384,
    partner,
    publicKey: createPublicKey({ key: { ...rsa.jwk }, format: 'jwk' }),
    /** A right RS256 signature. */
    signed: (input: string): string => sign('sha256', Buffer.from(input), privateKey).toString('base64url'),
    authorize: (token: string) => guard.authorize([['authorization', `Bearer ${token}`]]),
  };
}
