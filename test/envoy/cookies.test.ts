import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aKey, aToken, AUDIENCE, ISSUER } from '../support/tokens.ts';
import { h2cRequest } from './h2c-request.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';

const PYTHON = join(import.meta.dirname, '../../.tools/comfyui-0.3.75/venv/bin/python');
const HOST = 'comfy.example.com';

let upstream: ChildProcess;
let gateway: RealGateway;
let token: string;
let withoutRole: string;
beforeAll(async () => {
  upstream = spawn(PYTHON, [join(import.meta.dirname, 'aiohttp-upstream.py')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const failed = once(upstream, 'error').then(([error]: unknown[]) => Promise.reject(error as Error));
  const [port] = (await Promise.race([once(upstream.stdout!, 'data'), failed])) as [Buffer];
  const key = await aKey('ES256');
  token = await aToken(key, { role: 'artist' });
  withoutRole = await aToken(key);
  const config = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:${port.toString().trim()}
    multiTenant: true
    auth:
      method: JWT
      issuers: [{ issuer: "${ISSUER}", audience: ${AUDIENCE}, jwks: { keys: [${JSON.stringify(key.jwk)}] } }]
      tokenLookup:
        - { location: COOKIE, name: comfy_token }
        - { location: HEADER, name: Authorization, prefix: "Bearer " }
      claimTransformations:
        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }
        - { location: COOKIE, name: role, claim: role }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
  gateway = await startRealGateway({ config, ready: [[HOST, `Bearer ${token}`]] });
});
afterAll(async () => {
  await gateway.stop();
  upstream.kill();
});

interface Read {
  readonly lines: string[];
  readonly aiohttp: Record<string, string>;
  readonly simple: Record<string, string>;
}

/** Sends header lines byte for byte. */
function send(...headers: string[]): Promise<Read> {
  const text = ['GET /queue HTTP/1.1', `Host: ${HOST}`, ...headers, 'Connection: close', '', ''].join('\r\n');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(gateway.envoy.port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.once('error', reject);
    socket.once('close', () => {
      try {
        resolve(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Read);
      } catch {
        reject(new Error(`no JSON: ${answer}`));
      }
    });
  });
}

const HOSTILE = [
  'a=b role=admin',
  'a=b\trole=admin',
  'a=b,role=admin',
  'a=b;role=admin',
  'a=b ; role=admin',
  'role = admin',
  'role="admin"',
  'a="b; role=admin; c="',
  'a="b"role=admin',
  'a="b\\"; role=admin; c="',
  'a=b; role=admin; role=root',
  '=; role=admin',
  'role',
  '$Version=1; $Path=/; role=admin',
  'a=\u00fc role=admin',
  'expires=Wed, 21 Oct 2099 07:28:00 GMT role=admin',
  'a[=b role=admin',
];

function expectOnly({ lines, aiohttp, simple }: Read, role: string | undefined): void {
  expect({ lines, aiohttp: aiohttp['role'], simple: simple['role'] }).toEqual({
    lines,
    aiohttp: role,
    simple: role,
  });
  expect(JSON.stringify(lines)).not.toMatch(/admin|root|comfy_token/);
}

test.each(HOSTILE)('%j gives no user a role in Python, whether or not the token has one', async (cookie) => {
  for (const [bearer, role] of [
    [token, 'artist'],
    [withoutRole, undefined],
  ] as const) {
    const by = `Authorization: Bearer ${bearer}`;
    expectOnly(await send(by, `Cookie: ${cookie}`), role);
    expectOnly(await send(by, 'Cookie: x=1', `Cookie: ${cookie}`), role);
    expectOnly(await send(`Cookie: comfy_token=${bearer}; ${cookie}; y=2`), role);
  }
});

test('cookies split over HTTP/2 fields give no user a role either', async () => {
  const { status, body } = await h2cRequest(gateway.envoy.port, {
    ':authority': HOST,
    authorization: `Bearer ${token}`,
    cookie: ['x=1', 'a=b role=admin', 'role=admin', 'y="2"'],
  });
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ lines: ['x=1; y="2"; role=artist'] });
});

test('cookies that follow RFC 6265 arrive as they are', async () => {
  const { lines } = await send(`Cookie: a=1; b=; comfy_token=${token}; c="quoted"; d=x-._~!#&/:<=>?@[]^`);
  expect(lines).toEqual(['a=1; b=; c="quoted"; d=x-._~!#&/:<=>?@[]^; role=artist']);
});
