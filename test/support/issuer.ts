import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aGuard, type Verdict } from './guard.ts';
import { aToken, AUDIENCE, type SigningKey } from './tokens.ts';

export type Answer = (response: ServerResponse, path: string) => void;

export const keysOf =
  (...keys: readonly SigningKey[]): Answer =>
  (response) =>
    void response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));

/** An issuer on the network with scripted responses, and endpoints that trust it. */
export async function anIssuer(answer: Answer) {
  const asked: string[] = [];
  const state = { answer };
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    state.answer(response, request.url ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let guard: ReturnType<typeof aGuard> | undefined;
  const trusting = (): ReturnType<typeof aGuard> => {
    if (guard === undefined) throw new Error('no endpoint trusts the issuer yet');
    return guard;
  };
  const bearer = (token: string) => [['authorization', `Bearer ${token}`]] as const;

  return {
    origin,
    /** The paths that were asked for. */
    asked,
    says(next: Answer) {
      state.answer = next;
    },
    /** @param jwks where the keys are, with ISSUER for the address */
    trust(jwks: string, endpoints = 1) {
      const one = (n: number): string => `
  - name: api-${n}
    domains: [api-${n}.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${origin}", audience: ${AUDIENCE}, ${jwks.replaceAll('ISSUER', origin)} }]
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]`;
      const text = Array.from({ length: endpoints }, (_, n) => one(n)).join('');
      guard = aGuard(`sameUsers: true\nendpoints:${text}\n`, fetch);
    },
    later(ms: number) {
      trusting().later(ms);
    },
    token: (key: SigningKey, claims: object = {}, header: Record<string, unknown> = {}) =>
      aToken(key, { iss: origin, ...claims }, header),
    authorize: (token: string, n = 0): Promise<Verdict> =>
      trusting().authorize(bearer(token), { host: `api-${n}.example.com` }),
    /** The status that the client would see. */
    ask: async (token: string): Promise<number> =>
      (await trusting().ask(bearer(token), { host: 'api-0.example.com' })).status ?? 200,
    stop() {
      guard?.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
