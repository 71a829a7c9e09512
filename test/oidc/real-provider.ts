import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider';

const CLIENT_ID = 'comfy';
const CLIENT_SECRET = 'secret of the client';

async function signingKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
}

function configuration(client: Partial<ClientMetadata>, keys: JWK[]): Configuration {
  return {
    jwks: { keys },
    cookies: { keys: ['cookies of the provider'] },
    clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [], ...client }],
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // No one is asked for consent.
    async loadExistingGrant({ oidc }) {
      const { provider, client: asking, session } = oidc;
      const grant = new provider.Grant({ clientId: asking!.clientId, accountId: session!.accountId! });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    ttl: { IdToken: 300 },
  };
}

export type RealProvider = Awaited<ReturnType<typeof startProvider>>;

/**
 * A real OpenID provider with one client; anyone signs in with any password.
 *
 * @param more `fetch`: it calls no loopback address by itself
 */
export async function startProvider(
  client: Partial<ClientMetadata>,
  more: Pick<Configuration, 'fetch'> = {},
) {
  let answer: ReturnType<Provider['callback']> | undefined;
  const server = createServer((request, response) => void answer?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rotate = async (kid: string): Promise<void> => {
    answer = new Provider(issuer, { ...configuration(client, [await signingKey(kid)]), ...more }).callback();
  };
  await rotate('first');
  return {
    issuer,
    /** Starts again with another key, and without its sessions. */
    rotate,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
