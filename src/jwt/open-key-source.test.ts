import { expect, test } from 'vitest';
import { rules } from '../../test/support/jwt-method.ts';
import type { Issuer } from './issuer-schema.ts';
import { openKeySource } from './open-key-source.ts';

const QUERY = '?api_key=query-secret';
const fetching = { maxStale: 0, cooldown: 1000, allowHttp: true };

/** Everything that a key source reports about a JWKS with one unusable key. */
async function reportsOf(jwks: Issuer['jwks']): Promise<string> {
  const reports: string[] = [];
  const documents: Readonly<Record<string, unknown>> = {
    '/.well-known/openid-configuration': {
      issuer: 'http://127.0.0.1/',
      jwks_uri: `http://127.0.0.1/jwks${QUERY}`,
    },
    '/jwks': { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] },
  };
  const source = openKeySource(rules({ issuer: 'http://127.0.0.1/', jwks }), {
    fetch: (input) =>
      Promise.resolve(Response.json(documents[new Request(input).url.replace(/^.*127.0.0.1|\?.*$/g, '')])),
    now: Date.now,
    onFetch: (result) => reports.push(JSON.stringify(result)),
    onSkipped: (why) => reports.push(why),
    texts: new Map(),
  });
  await source.refresh();
  source.close();
  return reports.join('\n');
}

test.each([
  ['a configured URL', { url: `http://127.0.0.1/jwks${QUERY}`, ...fetching }],
  ['a discovered URL', { discover: true, ...fetching }],
] as const)('the query of %s, which may hold a key of the issuer, is never reported', async (_, jwks) => {
  const reports = await reportsOf(jwks);
  expect(reports).toContain('http://127.0.0.1/jwks?…: keys[0] is too weak');
  expect(reports).not.toContain('query-secret');
});
