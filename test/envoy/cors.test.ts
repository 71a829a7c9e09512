import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deny } from '../../src/auth/decision.ts';
import { encodeDeniedResponse } from '../../src/ext-authz/denied-response.ts';
import { rawRequest } from './raw-request.ts';
import { letIn } from './scripted-authz.ts';
import { aConfig, BASIC, startStand, type Stand } from './stand.ts';

const PORTAL = 'https://portal.example.com';
const PLAIN = `
  - name: plain
    domains: [plain.example.com]
    upstream: http://127.0.0.1:PORT
    multiTenant: true
    auth: ${BASIC}
`;

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({
    config: (upstream) =>
      aConfig(
        upstream,
        `    allowedOrigins: [${PORTAL}]\n${PLAIN.replace('PORT', String(upstream))}`,
      ).replace('endpoints:', 'sameUsers: true\nendpoints:'),
  });
});
afterAll(() => stand.stop());
beforeEach(() => {
  stand.upstream.seen.length = 0;
  stand.authz.asked.length = 0;
  stand.authz.say(() => letIn());
});

const send = (line: string, headers: readonly string[], host?: string) =>
  rawRequest(stand.envoy.port, {
    lines: [`${line} HTTP/1.1`, ...headers],
    ...(host === undefined ? {} : { host }),
  });
const preflight = (origin: string, host?: string) =>
  send('OPTIONS /api/prompt', [`Origin: ${origin}`, 'Access-Control-Request-Method: POST'], host);
/** All CORS headers of a response. */
const corsOf = ({ head }: { head: string }): Record<string, string> =>
  Object.fromEntries(
    [...head.matchAll(/^(access-control-[a-z-]+): (.*?)\r?$/gim)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value,
    ]),
  );

test('a preflight of an allowed origin is answered by Envoy, without credentials', async () => {
  const answer = await preflight(PORTAL);
  expect(answer.status).toBe(200);
  const found = corsOf(answer);
  expect(found).toMatchObject({
    'access-control-allow-origin': PORTAL,
    'access-control-allow-credentials': 'true',
    'access-control-max-age': '600',
  });
  expect(found['access-control-allow-methods']).toContain('DELETE');
  expect(found['access-control-allow-headers']).toContain('authorization');
  expect(answer.head).toMatch(/^vary: (?:.*, *)?Origin/im);
  expect(stand.authz.asked).toEqual([]);
  expect(stand.upstream.seen).toEqual([]);
});

test.each([
  'https://evil.example',
  'http://portal.example.com',
  'https://portal.example.com:444',
  'https://portal.example.com.evil.example',
  'https://PORTAL.example.com',
  'null',
])('a preflight of %s allows nothing, and reaches neither the service nor ComfyUI', async (origin) => {
  // Envoy sends the rest of the policy, which allows nothing without the origin.
  expect(corsOf(await preflight(origin))).not.toHaveProperty('access-control-allow-origin');
  expect(stand.authz.asked).toEqual([]);
  expect(stand.upstream.seen).toEqual([]);
});

test('without allowed origins, a preflight needs credentials like any other request', async () => {
  stand.authz.say((request) =>
    encodeDeniedResponse(deny('credentials-missing'), { request: request, site: { title: 'ComfyUI' } }),
  );
  const answer = await preflight(PORTAL, 'plain.example.com');
  expect(answer.status).toBe(401);
  expect(corsOf(answer)).toEqual({});
  expect(stand.upstream.seen).toEqual([]);
});

test('an allowed origin may read responses, also denials', async () => {
  const expected = { 'access-control-allow-origin': PORTAL, 'access-control-allow-credentials': 'true' };
  const answer = await send('GET /queue', [`Origin: ${PORTAL}`]);
  expect(answer.body).toContain('reached ComfyUI');
  expect(corsOf(answer)).toMatchObject(expected);
  expect(answer.head).toMatch(/^vary: (?:.*, *)?Origin/im);
  stand.authz.say((request) =>
    encodeDeniedResponse(deny('token-expired'), { request: request, site: { title: 'ComfyUI' } }),
  );
  const denied = await send('GET /queue', [`Origin: ${PORTAL}`]);
  expect(denied.status).toBe(401);
  expect(corsOf(denied)).toMatchObject(expected);
  expect(denied.head).toMatch(/^vary: (?:.*, *)?Origin/im);
});

test.each(['comfy.example.com', 'plain.example.com'])(
  "what ComfyUI's --enable-cors-header allows at %s does not pass",
  async (host) => {
    for (const headers of [[], ['Origin: https://evil.example'], [`Sec-Fetch-Site: cross-site`]]) {
      const answer = await send('GET /queue', headers, host);
      expect(answer.body).toContain('reached ComfyUI');
      expect(corsOf(answer)).toEqual({});
    }
  },
);

test('the service learns which page a request comes from', async () => {
  const told = ['Origin: https://a.example', 'Referer: https://a.example/', 'Sec-Fetch-Site: cross-site'];
  await send('GET /queue', [
    ...told,
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
    'X-Forwarded-Proto: https',
  ]);
  const headers = Object.fromEntries(stand.authz.asked[0]?.headers ?? []);
  expect(headers).toMatchObject({
    origin: 'https://a.example',
    referer: 'https://a.example/',
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
    'x-forwarded-proto': 'http',
  });
});

test('no other origin may use the portal', async () => {
  for (const line of ['GET /_auth/me', 'OPTIONS /_auth/me']) {
    const answer = await send(line, [`Origin: ${PORTAL}`, 'Access-Control-Request-Method: GET']);
    expect(answer.status).not.toBe(200);
    expect(corsOf(answer)).toEqual({});
  }
  expect(stand.upstream.seen).toEqual([]);
});
