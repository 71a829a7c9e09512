import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { generateKeyPair, exportJWK, type JWK } from 'jose';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type Service } from '../../src/service/service.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { startEchoUpstream, type EchoUpstream } from '../envoy/echo-upstream.ts';
import { startEnvoy, type RunningEnvoy } from '../envoy/run-envoy.ts';

const AUDIENCE = 'https://comfy.example.com';
const SECRET = 'secret-of-the-render-farm';

let directory: ReturnType<typeof aDirectory>;
let upstream: EchoUpstream;
let issuer: string;
let identityProvider: Server;
let service: Service;
let envoy: RunningEnvoy;

async function signingKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
}

/** A real OpenID provider that gives machines tokens by the client credentials grant (RFC 6749 §4.4). */
function provider(keys: JWK[]): Provider {
  return new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: 'render-farm',
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: () => ({
          scope: 'comfyui',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: () => ({ preferred_username: 'Zoë of the farm' }),
  });
}

let answer: ReturnType<Provider['callback']>;

beforeAll(async () => {
  directory = aDirectory();
  upstream = await startEchoUpstream();
  identityProvider = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => identityProvider.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(identityProvider.address() as AddressInfo).port}`;
  answer = provider([await signingKey('first')]).callback();
  const config = `
endpoints:
  - name: api
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth:
      method: JWT
      issuers:
        - issuer: ${issuer}
          audience: ${AUDIENCE}
          jwks: { discover: true, allowHttp: true, cooldown: 1s }
          typ: at+jwt
      claimTransformations:
        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: preferred_username }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
  const loaded = load(directory.write('comfy-tenant.yaml', config));
  service = await startService({
    config: loaded.config,
    revision: loaded.revision,
    log: pino({ level: 'silent' }),
  });
  envoy = await startEnvoy({ directory, config });
});
afterAll(async () => {
  await envoy.stop();
  await service.close();
  await upstream.close();
  identityProvider.close();
  directory.remove();
});

async function token(): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`render-farm:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'comfyui' }),
  });
  const { access_token } = (await response.json()) as { access_token?: string };
  if (access_token === undefined) throw new Error(`no token: ${response.status}`);
  return access_token;
}

const ask = async (bearer: string) =>
  (await fetch(`http://127.0.0.1:${envoy.port}/queue`, { headers: { authorization: `Bearer ${bearer}` } }))
    .status;

test('a token of a real OpenID provider identifies a user by its claim; an altered one is denied', async () => {
  const good = await token();
  await expect.poll(() => ask(good)).toBe(200);
  const seen = Object.fromEntries(upstream.seen.at(-1)?.headers ?? []);
  expect(seen['x-funart-comfy-userid']).toBe('Zo%C3%AB%20of%20the%20farm');
  expect(seen).not.toHaveProperty('authorization');

  const [header = '', , signature = ''] = good.split('.');
  const claims = Buffer.from(
    JSON.stringify({ iss: issuer, aud: AUDIENCE, preferred_username: 'admin' }),
  ).toString('base64url');
  expect(await ask(`${header}.${claims}.${signature}`)).toBe(401);
  expect(await ask(good.slice(0, -2))).toBe(401);
  expect(await ask('')).toBe(401);
});

test('after the provider rotates its key, new tokens work at once and old keys no longer do', async () => {
  const before = await token();
  expect(await ask(before)).toBe(200);
  answer = provider([await signingKey('second')]).callback();
  const after = await token();
  expect(await ask(after)).toBe(200);
  expect(await ask(before)).toBe(401);
});
