import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aKey, aToken, type SigningKey } from '../support/tokens.ts';

type Respond = (response: ServerResponse) => void;

const json =
  (content: unknown, status = 200): Respond =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
  };

/** A provider that can be made to lie. A case changes `metadata`, `claims`, `header` or a whole response. */
export async function aScriptedProvider() {
  const key = await aKey('RS256');
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    state.asked.push(path);
    if (path === '/.well-known/openid-configuration') state.discovery(response);
    else if (path === '/jwks') json({ keys: [key.jwk] })(response);
    else {
      state.authorization = request.headers.authorization ?? '';
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        state.form = new URLSearchParams(body);
        void state.token(response);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state = {
    asked: [] as string[],
    authorization: '',
    form: new URLSearchParams(),
    metadata: {} as Record<string, unknown>,
    claims: {} as Record<string, unknown>,
    header: {} as Record<string, unknown>,
    key: undefined as SigningKey | undefined,
    nonce: '',
    discovery: (response: ServerResponse): void => {
      json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        ...state.metadata,
      })(response);
    },
    token: async (response: ServerResponse): Promise<void> => {
      const claims = { iss: issuer, aud: 'comfy', nonce: state.nonce, ...state.claims };
      const id_token = await aToken(state.key ?? key, claims, state.header);
      json({ access_token: 'x', token_type: 'Bearer', id_token })(response);
    },
  };
  const honest = { discovery: state.discovery, token: state.token };
  return {
    issuer,
    state,
    json,
    key,
    reset() {
      Object.assign(state, honest, { metadata: {}, claims: {}, header: {}, key: undefined, asked: [] });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type ScriptedProvider = Awaited<ReturnType<typeof aScriptedProvider>>;
