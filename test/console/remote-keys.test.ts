import { afterAll, beforeAll, expect, test } from 'vitest';
import { anIssuer, keysOf } from '../support/issuer.ts';
import { aKey, AUDIENCE } from '../support/tokens.ts';
import { signedIn, startConsole, type Visitor } from './start-console.ts';

let issuer: Awaited<ReturnType<typeof anIssuer>>;
let started: Awaited<ReturnType<typeof startConsole>>;
let olga: Visitor;
beforeAll(async () => {
  issuer = await anIssuer(keysOf(await aKey('ES256', 'key-of-the-issuer')));
  started = await startConsole(`\
endpoints:
  - name: api
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${issuer.origin}", audience: ${AUDIENCE}, jwks: { url: "${issuer.origin}/jwks", allowHttp: true } }]
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
admin: { listen: 127.0.0.1:0 }
service: { listen: 127.0.0.1:0 }
portal: { listen: 127.0.0.1:0, address: 127.0.0.1:1 }
`);
  olga = await signedIn(started);
});
afterAll(async () => {
  await started.close();
  issuer.stop();
});

const page = async (path: string): Promise<string> => (await olga.get(`/console/${path}`)).text;

test('fetched keys are shown with their age', async () => {
  await expect.poll(() => page('endpoints/api')).toContain('<th scope="row">key-of-the-issuer</th>');
  expect(await page('endpoints/api')).toMatch(/Fetched \d+ s ago/);
  const status = await page('status');
  expect(status).toContain(issuer.origin);
  expect(status).toContain('✓ available');
});
