import { expect, test } from 'vitest';
import { aDirectory, load } from '../../test/support/temp-dir.ts';
import type { AccessToken } from '../access-token/access-token.ts';
import { tokenOwner } from './token-owner.ts';

const NAMED = 'issuer: "https://one.example", userIdPrefix: one';
const ANY = 'anyIssuer: true, userIdPrefix: any';

/** The user id that a token of this issuer has, at an endpoint with these issuers. */
function ownerOf(issuers: readonly string[], iss: string): string {
  const directory = aDirectory();
  const keys = 'audience: api, jwks: { url: "https://one.example/jwks" }';
  const list = issuers.map((issuer) => `{ ${issuer}, ${keys} }`).join(', ');
  const claims = '[{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]';
  const auth = `{ method: JWT, issuers: [${list}], claimTransformations: ${claims} }`;
  const text = `endpoints: [{ name: studio, upstream: "http://127.0.0.1:1", multiTenant: true, auth: ${auth} }]\n`;
  const { config } = load(directory.write('comfy-tenant.yaml', text));
  directory.remove();
  const [endpoint] = config.endpoints;
  if (endpoint === undefined) throw new Error('no endpoint');
  const token = { claims: { iss, sub: 'alice' } } as unknown as AccessToken;
  const decision = tokenOwner(endpoint, config.users)(token);
  return decision.kind === 'allow' ? decision.identity.userId : decision.kind;
}

test('the issuer that the claims name owns the token, wherever it is in the list', () => {
  expect(ownerOf([ANY, NAMED], 'https://one.example')).toBe('one~alice');
  expect(ownerOf([NAMED, ANY], 'https://one.example')).toBe('one~alice');
});

test('the token of another issuer goes only to the one that accepts any', () => {
  expect(ownerOf([NAMED, ANY], 'https://two.example')).toBe('any~alice');
  expect(ownerOf([NAMED], 'https://two.example')).toBe('deny');
});
