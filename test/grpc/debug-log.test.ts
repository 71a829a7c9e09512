import { hash } from '@node-rs/bcrypt';
import { credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../src/admin/log.ts';
import { startService, type Service } from '../../src/service/service.ts';
import { aCheck } from '../support/check-messages.ts';
import { basic } from '../support/requests.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { aKey } from '../support/tokens.ts';

const METHOD = '/envoy.service.auth.v3.Authorization/Check';

async function started(level: string) {
  const directory = aDirectory();
  const key = await aKey('ES256');
  const password = await hash('tulip', 4);
  const text = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${password}" }] }
  - name: api
    domains: [api.example.com]
    upstream: http://127.0.0.1:8288
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: https://issuer.example.com, audience: a, jwks: { url: https://127.0.0.1/jwks } }]
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
  const { config, revision } = load(directory.write('comfy-tenant.yaml', text));
  const lines: string[] = [];
  const service: Service = await startService({
    config,
    revision,
    log: createLog(level, { write: (line) => void lines.push(line) }),
    fetch: () => Promise.resolve(Response.json({ keys: [key.jwk] })),
  });
  const Generic = makeGenericClientConstructor({}, 'Authorization');
  const client = new Generic(`unix:${join(directory.path, 'authz.sock')}`, credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await service.close();
    directory.remove();
  });
  const ask = (...headers: [string, string][]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const message = aCheck(headers, { path: '/prompt?token=secret-query' });
      const asIs = (bytes: Buffer): Buffer => bytes;
      client.makeUnaryRequest(METHOD, asIs, asIs, message, (error: ServiceError | null, answer: unknown) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  const logged = (message: string) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message);
  return { service, config, ask, lines, logged };
}

test('debug logs each check with its endpoint, decision, reason, cache lookup and duration, and no secret', async () => {
  const { ask, lines, logged } = await started('debug');
  await ask(['authorization', basic('alice', 'tulip')]);
  await ask(['authorization', basic('alice', 'tulip')]);
  await ask(['authorization', basic('alice', 'wrong-secret')]);
  await ask();
  const shared = { endpoint: 'studio', path: '/prompt', ms: expect.any(Number) as number };
  expect(logged('check')).toMatchObject([
    { ...shared, decision: 'allow', cache: 'miss' },
    { ...shared, decision: 'allow', cache: 'hit' },
    { ...shared, decision: 'deny', reason: 'password-wrong', cache: 'miss' },
    { ...shared, decision: 'deny', reason: 'credentials-missing', cache: 'none' },
  ]);
  expect(lines.join('')).not.toMatch(/tulip|wrong-secret|secret-query|alice|YWxpY2U/);
});

test('debug logs each fetch of a JWKS and each reload', async () => {
  const { service, config, logged } = await started('debug');
  await expect
    .poll(() => logged('JWKS fetched'))
    .toMatchObject([{ issuer: 'https://issuer.example.com', keys: 1, changed: true, nextFetchMs: 480_000 }]);
  service.replace(config, 'next');
  expect(logged('endpoints rebuilt')).toMatchObject([{ revision: 'next', endpoints: ['studio', 'api'] }]);
});

test('info logs no check that was allowed', async () => {
  const { ask, logged } = await started('info');
  await ask(['authorization', basic('alice', 'tulip')]);
  expect(logged('check')).toEqual([]);
});
